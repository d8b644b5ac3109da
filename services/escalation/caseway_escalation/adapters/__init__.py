"""How promises are kept in MongoDB."""
