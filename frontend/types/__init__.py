"""The types of Python values as the compiler sees them."""
