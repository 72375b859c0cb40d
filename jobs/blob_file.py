"""A blob's chunks, on the event loop and as a file for a thread."""

import asyncio
import io
from collections.abc import AsyncIterator
from typing import Protocol

from jobs.errors import InputGone
from jobs.model import Frame, Job


class Chunks(Protocol):
    """Where the bytes of blobs come from: jobs.queue.JobQueue is one."""

    async def chunk(self, blob_id: str, number: int) -> bytes | memoryview | None:
        """One chunk of a blob, None behind the last; all but the last are of one size."""


class ChunkSource(Chunks, Protocol):
    """Where frames come from, in whatever way they are stored: jobs.queue.JobQueue is one, too."""

    async def small_result(self, job: Job) -> bytes | None:
        """The bytes of a result that stands beside its record."""

    async def read_frame(self, frame: Frame) -> Job:
        """A job whose result is the frame."""

    async def forget(self, job: Job) -> None:
        """Remove such a job."""


async def chunks_from(source: Chunks, blob_id: str, size: int, start: int) -> AsyncIterator[bytes]:
    """The bytes from `start` on of a blob of `size`; of the chunks before them only the first is fetched.

    Raises InputGone, in the middle too: a blob that vanished must not look like one that has ended.
    """
    chunk, number = await source.chunk(blob_id, 0), 0
    if chunk is not None and start >= len(chunk) > 0:
        number = start // len(chunk)
        left, start = size - number * len(chunk), start % len(chunk)
        chunk = await source.chunk(blob_id, number)
    else:
        left = size
    while chunk is not None:
        left -= len(chunk)
        yield bytes(chunk[start:])
        start = 0
        number += 1
        chunk = await source.chunk(blob_id, number)
    if left > 0:
        raise _vanished()


def _vanished() -> InputGone:
    return InputGone("the stored bytes vanished while they were read: they expired or were deleted")


class Abandoned(Exception):
    """Nobody waits for the bytes any more; it ends the thread that would still make them, and is seen by nobody."""


class BlobFile(io.RawIOBase):
    """A blob as a file for a thread: each read that needs the next chunk asks the event loop for it.

    The thread is none of the event loop's own: those unpack the chunks, and once all waited here none would come.
    """

    def __init__(self, source: Chunks, blob_id: str, size: int, loop: asyncio.AbstractEventLoop) -> None:
        self._source, self._blob_id, self._loop, self._left = source, blob_id, loop, size
        self._chunk, self._number, self._ended = memoryview(b""), 0, False
        self._abandoned = False

    def abandon(self) -> None:
        """Let the next read raise Abandoned, in whatever thread that is."""
        self._abandoned = True

    def readable(self) -> bool:
        """It is."""
        return True

    def readinto(self, buffer: memoryview) -> int:  # type: ignore[override]  # typeshed's buffer is wider than what comes
        """Fill the buffer as far as the chunk at hand reaches; 0 at the end. Raises Abandoned and InputGone."""
        if not self._chunk and not self._ended:
            self._fetch()
        count = min(len(buffer), len(self._chunk))
        buffer[:count] = self._chunk[:count]
        self._chunk = self._chunk[count:]
        return count

    def _fetch(self) -> None:
        if self._abandoned:
            raise Abandoned
        coming = self._source.chunk(self._blob_id, self._number)
        chunk = asyncio.run_coroutine_threadsafe(coming, self._loop).result()
        self._number += 1
        self._ended = chunk is None
        self._chunk = memoryview(chunk or b"")
        self._left -= len(self._chunk)
        if self._ended and self._left > 0:
            # Arrow would take an end between two batches for the end of all
            raise _vanished()
