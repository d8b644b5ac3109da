"""People around a desk: customers and agents."""
