"""JSON pointers (RFC 6901)."""


def escaped(name: str) -> str:
    """A key as one token of a pointer."""
    return name.replace("~", "~0").replace("/", "~1")
