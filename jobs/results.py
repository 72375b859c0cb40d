"""Frames on their way out: the stored form, read chunk by chunk and encoded in threads, so that memory stays flat."""

import asyncio
import hashlib
import io
import time
from collections.abc import AsyncIterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from functools import partial
from typing import BinaryIO, Final, NamedTuple, cast

import pyarrow as pa

from jobs.blob_file import BlobFile, ChunkSource, chunks_from
from jobs.codecs import stored
from jobs.codecs.base import Codec, EncodeOptions
from jobs.codecs.format_warnings import format_warnings
from jobs.codecs.rendering import render
from jobs.errors import InputGone, JobNotReady, ResultExpired
from jobs.model import Frame, Job, Warn
from jobs.renderings import Facts, Known, Measured, Rendering

# in each entity tag: other code or another Arrow may write other bytes for the same view
_FORM: Final = f"1 {pa.__version__}"
_READ_BYTES: Final = 1024**2
# formats that are made whole before their first byte, and ranges that begin far behind it
_WHOLE: Final = frozenset({"xlsx"})
_SOON_BYTES: Final = 8 * 1024**2
_LONG_THREADS: Final = 2


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

    def rows_of(self, rows: int | None) -> int | None:
        """How many of a frame's rows the view shows, where their number is known."""
        if self.limit == 0:
            return 0
        left = None if rows is None else max(0, rows - self.offset)
        return left if left is None or self.limit is None else min(left, self.limit)


@dataclass(frozen=True, slots=True)
class StoredFrame:
    """A frame in the stored form (`jobs.codecs.stored`): a blob's id, or its bytes where they are at hand.

    `sha256` (hex) and `size` are of the stored form; `rows` where they are known.
    """

    sha256: str
    size: int
    rows: int | None
    blob: str | None = None
    data: bytes | None = None


class _Begun(NamedTuple):
    """An encoding whose first piece is there: what cannot be rendered was an error, and is not half an answer."""

    first: bytes | None
    rest: Measured
    warnings: tuple[Warn, ...]


class Results:
    """Renders frames in threads of its own, a page at a time: no thread waits for a reader, however slow that is."""

    def __init__(self, source: ChunkSource) -> None:
        self._source = source
        # not the event loop's threads: these wait for chunks that are unpacked there, and would wait for ever once
        # all of them did
        self._threads = ThreadPoolExecutor(thread_name_prefix="render")
        # what takes long before its first byte has a few of its own, so that the others need not wait for it
        self._long = ThreadPoolExecutor(_LONG_THREADS, thread_name_prefix="render-long")
        self._known = Known()

    def close(self) -> None:
        """Begin nothing more; what runs ends at its next read."""
        for threads in (self._threads, self._long):
            threads.shutdown(wait=False, cancel_futures=True)

    async def of_job(self, job: Job, view: View) -> Rendering:
        """The job's result in the view's format.

        Raises JobNotReady where there is no result (yet), ResultExpired, ColumnUnknown, FidelityLost.
        """
        result = job.outcome.result if job.outcome else None
        if result is None:
            raise JobNotReady(job.id, job.state)
        if job.expires_ms is not None and job.expires_ms <= time.time() * 1000:
            raise ResultExpired(job.id)  # its bytes may still be held, for jobs that read them
        frame = StoredFrame(result.sha256, result.bytes, result.rows, result.blob)
        try:
            if result.blob is None:
                data = await self._source.small_result(job)
                if data is None:
                    raise ResultExpired(job.id)
                frame = replace(frame, data=data)
            return await self.of_stored(frame, view)
        except InputGone:
            raise ResultExpired(job.id) from None

    async def of_frame(self, frame: Frame, view: View) -> Rendering:
        """An uploaded frame in the view's format; raises InputGone, ColumnUnknown, FidelityLost, InputMalformed."""
        twin = frame.decoded
        if twin is None:
            # a worker reads it: the API's memory must not grow with a frame
            return await self._of_reading(await self._source.read_frame(frame), view)
        return await self.of_stored(StoredFrame(twin.sha256, twin.bytes, twin.rows, twin.blob), view)

    async def _of_reading(self, job: Job, view: View) -> Rendering:
        rendering = await self.of_job(job, view)
        if job.outcome and job.outcome.result and job.outcome.result.blob is None:
            await self._source.forget(job)  # what it has read is all at hand
        return rendering

    async def of_stored(self, frame: StoredFrame, view: View) -> Rendering:
        """Any frame in the stored form; raises InputGone, ColumnUnknown, FidelityLost, InputMalformed."""
        etag = _etag(frame.sha256, view)
        if view.as_stored:
            self._known.learn(etag, Facts(frame.size, bytes.fromhex(frame.sha256)))
            again = partial(self._as_stored, frame)
            return Rendering(await again(0), (), etag, rows=frame.rows, known=self._known, again=again)
        begun, file = await self._begin(frame, view, etag)
        return Rendering(
            self._pieces(begun, file),
            begun.warnings,
            etag,
            rows=frame.rows,
            known=self._known,
            again=partial(self._again, frame, view, etag),
        )

    async def _as_stored(self, frame: StoredFrame, start: int) -> AsyncIterator[bytes]:
        if frame.blob is None:
            return _of_bytes((frame.data or b"")[start:])
        chunks = chunks_from(self._source, frame.blob, frame.size, start)
        # what is gone is an error here, and not half an answer
        return _after(await anext(chunks, b""), chunks)

    async def _again(self, frame: StoredFrame, view: View, etag: str, start: int) -> AsyncIterator[bytes]:
        begun, file = await self._begin(frame, view, etag, start)
        return self._pieces(begun, file)

    async def _begin(self, frame: StoredFrame, view: View, etag: str, skip: int = 0) -> tuple[_Begun, BlobFile | None]:
        loop = asyncio.get_running_loop()
        blob = None if frame.blob is None else BlobFile(self._source, frame.blob, frame.size, loop)
        raw = io.BytesIO(frame.data or b"") if blob is None else io.BufferedReader(blob, _READ_BYTES)
        tell = partial(self._known.learn, etag)
        try:
            work = partial(_begin, cast(BinaryIO, raw), view, view.rows_of(frame.rows), tell, skip)
            return await loop.run_in_executor(self._pool(view, skip), work), blob
        except asyncio.CancelledError:
            if blob is not None:
                blob.abandon()
            raise

    def _pool(self, view: View, skip: int) -> ThreadPoolExecutor:
        return self._long if view.codec.name in _WHOLE or skip > _SOON_BYTES else self._threads

    async def _pieces(self, begun: _Begun, file: BlobFile | None) -> AsyncIterator[bytes]:
        loop, piece = asyncio.get_running_loop(), begun.first
        try:
            while piece is not None:
                yield piece
                piece = await loop.run_in_executor(self._threads, next, begun.rest, None)
        finally:
            if file is not None:
                file.abandon()
            begun.rest.close()


def _begin(file: BinaryIO, view: View, rows: int | None, tell: partial[None], skip: int) -> _Begun:
    reader = stored.open_stored(file)
    met: list[Warn] = []
    pieces = render(
        reader,
        view.codec,
        EncodeOptions(orient=view.orient, warn=met.append),
        columns=view.columns,
        offset=view.offset,
        limit=view.limit,
        encoding=view.encoding,
    )
    rest = Measured(pieces, tell)
    first = next(rest, None)
    while first is not None and skip >= len(first):
        skip -= len(first)
        first = next(rest, None)
    warnings = (*format_warnings(reader.schema, view.codec, view.columns, rows=rows), *met)
    return _Begun(first if first is None else first[skip:], rest, warnings)


async def _of_bytes(data: bytes) -> AsyncIterator[bytes]:
    if data:
        yield data


async def _after(first: bytes, rest: AsyncIterator[bytes]) -> AsyncIterator[bytes]:
    if first:
        yield first
    async for piece in rest:
        yield piece


def _etag(digest: str, view: View) -> str:
    orient = view.orient if view.codec.name == "json" else ""
    shape = f"{_FORM} {view.codec.name} {orient} {view.columns} {view.offset} {view.limit} {view.encoding}"
    return hashlib.sha256(f"{digest} {shape}".encode()).hexdigest()[:32]
