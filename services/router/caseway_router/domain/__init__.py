"""What the router decides, without I/O."""
