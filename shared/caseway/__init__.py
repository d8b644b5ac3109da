"""What Caseway's services share."""
