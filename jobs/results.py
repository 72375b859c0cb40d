"""Results on their way out: the stored form, read chunk by chunk and encoded in a thread, so that memory stays flat."""

import asyncio
import hashlib
import io
from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass
from typing import BinaryIO, Protocol, cast

from jobs.codecs import stored
from jobs.codecs.base import Codec, EncodeOptions
from jobs.codecs.rendering import format_warnings, render
from jobs.errors import InputGone, JobNotReady, ResultExpired
from jobs.model import Frame, Job, Warn


@dataclass(frozen=True, slots=True)
class View:
    """How a caller wants a frame: its format, which columns and rows of it, and a Content-Encoding."""

    codec: Codec
    orient: str = "records"
    columns: tuple[str, ...] | None = None
    offset: int = 0
    limit: int | None = None
    encoding: str | None = None

    @property
    def as_stored(self) -> bool:
        """Whether the stored bytes are the answer as they are."""
        whole = self.columns is None and self.offset == 0 and self.limit is None
        return whole and self.encoding is None and stored.MEDIA_TYPE in self.codec.media_types


@dataclass(frozen=True, slots=True)
class Rendering:
    """An answer's bytes, what the format had to map, and an entity tag (without quotes) that names these bytes."""

    chunks: AsyncIterator[bytes]
    warnings: tuple[Warn, ...]
    etag: str


class ChunkSource(Protocol):
    """Where stored bytes come from: jobs.queue.JobQueue is one."""

    async def small_result(self, job: Job) -> bytes | None:
        """The bytes of a result that stands beside its record."""

    async def read_frame(self, frame: Frame) -> Job:
        """A job whose result is the frame."""

    async def chunk(self, blob_id: str, number: int) -> bytes | memoryview | None:
        """One chunk of a blob, None behind the last."""


async def render_job(source: ChunkSource, job: Job, view: View) -> Rendering:
    """The job's result in the view's format.

    Raises JobNotReady where there is no result (yet), ResultExpired, ColumnUnknown, FidelityLost.
    """
    result = job.outcome.result if job.outcome else None
    if result is None:
        raise JobNotReady(job.id, job.state)
    try:
        if result.blob is None:
            data = await source.small_result(job)
            if data is None:
                raise ResultExpired(job.id)
            return await _render(io.BytesIO(data), view, result.sha256)
        return await _render_blob(source, result.blob, view, result.sha256)
    except InputGone:
        raise ResultExpired(job.id) from None


async def render_frame(source: ChunkSource, frame: Frame, view: View) -> Rendering:
    """An uploaded frame in the view's format; raises InputGone, ColumnUnknown, FidelityLost, InputMalformed."""
    if frame.decoded is not None:
        return await _render_blob(source, frame.decoded.blob, view, frame.payload.sha256)
    # a worker reads it: the API's memory must not grow with a frame
    return await render_job(source, await source.read_frame(frame), view)


async def _render_blob(source: ChunkSource, blob_id: str, view: View, digest: str) -> Rendering:
    first = await source.chunk(blob_id, 0)
    if view.as_stored:
        return Rendering(_as_stored(source, blob_id, first), (), _etag(digest, view))
    loop = asyncio.get_running_loop()
    file = cast(BinaryIO, io.BufferedReader(_BlobFile(source, blob_id, loop), 1024**2))
    return await _render(file, view, digest)


async def _render(file: BinaryIO, view: View, digest: str) -> Rendering:
    # the first piece is made here, so that what cannot be rendered is an error and not half an answer
    warnings, first, rest = await asyncio.to_thread(_begin, file, view)
    return Rendering(_pieces(first, rest), warnings, _etag(digest, view))


def _begin(file: BinaryIO, view: View) -> tuple[tuple[Warn, ...], bytes | None, Iterator[bytes]]:
    reader = stored.open_stored(file)
    pieces = render(
        reader,
        view.codec,
        EncodeOptions(orient=view.orient),
        columns=view.columns,
        offset=view.offset,
        limit=view.limit,
        encoding=view.encoding,
    )
    return format_warnings(reader.schema, view.codec), next(pieces, None), pieces


async def _pieces(first: bytes | None, rest: Iterator[bytes]) -> AsyncIterator[bytes]:
    piece = first
    while piece is not None:
        yield piece
        piece = await asyncio.to_thread(next, rest, None)


async def _as_stored(source: ChunkSource, blob_id: str, first: bytes | memoryview | None) -> AsyncIterator[bytes]:
    chunk, number = first, 0
    while chunk is not None:
        yield bytes(chunk)
        number += 1
        chunk = await source.chunk(blob_id, number)


def _etag(digest: str, view: View) -> str:
    shape = f"{view.codec.name} {view.orient} {view.columns} {view.offset} {view.limit} {view.encoding}"
    return hashlib.sha256(f"{digest} {shape}".encode()).hexdigest()[:32]


class _BlobFile(io.RawIOBase):
    """A blob as a file for a thread: each read that needs the next chunk asks the event loop for it."""

    def __init__(self, source: ChunkSource, blob_id: str, loop: asyncio.AbstractEventLoop) -> None:
        self._source, self._blob_id, self._loop = source, blob_id, loop
        self._chunk, self._number, self._ended = memoryview(b""), 0, False

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: memoryview) -> int:  # type: ignore[override]  # typeshed's buffer is wider than what comes
        if not self._chunk and not self._ended:
            coming = self._source.chunk(self._blob_id, self._number)
            chunk = asyncio.run_coroutine_threadsafe(coming, self._loop).result()
            self._number += 1
            self._ended = chunk is None
            self._chunk = memoryview(chunk or b"")
        count = min(len(buffer), len(self._chunk))
        buffer[:count] = self._chunk[:count]
        self._chunk = self._chunk[count:]
        return count
