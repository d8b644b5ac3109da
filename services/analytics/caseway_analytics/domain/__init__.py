"""What the figures are: pure, without I/O."""
