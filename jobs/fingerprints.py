"""What a request was, as a short digest: whoever sends it again is known by it."""

import asyncio
import hashlib
import io
from collections.abc import Iterator
from typing import BinaryIO, Protocol, cast

from jobs.codecs.base import DecodeLimits
from jobs.codecs.compression import unpacked
from jobs.store.uploads import Staged

_READ_BYTES = 1024**2


class Chunks(Protocol):
    """Where stored bytes come from: jobs.queue.JobQueue is one."""

    async def chunk(self, blob_id: str, number: int) -> bytes | memoryview | None:
        """One chunk of a blob, None behind the last."""


def digest_of(staged: Staged) -> str:
    """The SHA-256 of a payload as it was sent, in hex."""
    return staged.ref.sha256 if staged.data is None else hashlib.sha256(staged.data).hexdigest()


async def decoded_digest(source: Chunks, staged: Staged, limits: DecodeLimits) -> str:
    """The SHA-256 of a payload without its Content-Encoding, in hex.

    It is read back from the store, in pieces: compressed bytes say nothing of what is in them. Raises InputMalformed,
    SizeExceeded as decoding does.
    """
    if staged.ref.encoding is None:
        return digest_of(staged)
    raw = io.BytesIO(staged.data) if staged.data is not None else _StoredFile(source, staged.ref.blob)
    file = cast(BinaryIO, io.BufferedReader(raw, _READ_BYTES))
    pieces = unpacked(file, staged.ref.encoding, staged.ref.bytes, limits)
    return await asyncio.to_thread(_digest, pieces)


def _digest(pieces: Iterator[bytes]) -> str:
    digest = hashlib.sha256()
    for piece in pieces:
        digest.update(piece)
    return digest.hexdigest()


class _StoredFile(io.RawIOBase):
    """A blob as a file for a thread, which asks the event loop for each chunk."""

    def __init__(self, source: Chunks, blob_id: str) -> None:
        self._source, self._blob_id, self._loop = source, blob_id, asyncio.get_running_loop()
        self._rest, self._number = memoryview(b""), 0

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: memoryview) -> int:  # type: ignore[override]  # typeshed's buffer is wider than what comes
        if not self._rest:
            coming = self._source.chunk(self._blob_id, self._number)
            self._rest = memoryview(asyncio.run_coroutine_threadsafe(coming, self._loop).result() or b"")
            self._number += 1
        count = min(len(buffer), len(self._rest))
        buffer[:count], self._rest = self._rest[:count], self._rest[count:]
        return count
