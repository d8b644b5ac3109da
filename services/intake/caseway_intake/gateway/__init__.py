"""The doors: what the world may call intake by."""
