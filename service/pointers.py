"""JSON pointers (RFC 6901) into what was sent."""


def escaped(token: str) -> str:
    """A name as a token of a JSON pointer (RFC 6901)."""
    return token.replace("~", "~0").replace("/", "~1")
