"""How each family of ops is written."""
