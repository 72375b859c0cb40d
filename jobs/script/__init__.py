"""A pipeline as a pandas script: each step as the statement that a pandas user would write for it."""
