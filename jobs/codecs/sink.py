"""A file-like object that hands on, piece by piece, what a writer of Arrow wrote to it."""


class Sink:
    """Write-only, without seek; `take` empties it."""

    closed = False

    def __init__(self) -> None:
        self._pieces: list[bytes] = []

    def write(self, piece: bytes) -> int:
        """Keep a copy of `piece`: Arrow's own buffer may change after this call."""
        self._pieces.append(bytes(piece))
        return len(piece)

    def flush(self) -> None:
        """Nothing is held back here."""

    def close(self) -> None:
        """What was written stays to be taken."""

    def take(self) -> bytes:
        """Everything written since the last call."""
        taken, self._pieces = b"".join(self._pieces), []
        return taken
