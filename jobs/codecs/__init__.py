"""Bytes of a media type to an Arrow table and back: one module per format, and `table` is the list of them."""
