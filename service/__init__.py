"""The HTTP face. Knows no pandas and no Redis commands."""
