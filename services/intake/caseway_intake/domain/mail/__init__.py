"""What a mail says, whatever shape it is in."""
