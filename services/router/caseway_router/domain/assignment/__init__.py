"""How work and agents come together: the core's story."""
