"""How the router's states are kept, shown and read."""
