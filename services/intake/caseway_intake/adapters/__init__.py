"""How intake's states look in MongoDB."""
