"""How analytics keeps its states, and reads them."""
