"""A look at an input that is staged but not read: cheap, bounded, and never wrong about what it calls known."""

import asyncio
import csv
import zlib
from collections.abc import Awaitable, Callable
from typing import Final

import msgspec
import pyarrow as pa

from jobs.codecs.table import by_media_type
from jobs.errors import FramequeueError, StoreError
from jobs.model import Input, PayloadRef
from jobs.planning.binary_look import arrow_schema, footer_bytes, parquet_schema
from jobs.planning.json_look import json_schema, lines_schema
from jobs.planning.schema import Schema
from jobs.planning.text_look import SAMPLE_BYTES, lines_estimate, text_schema, unpacked
from jobs.store.blobs import CHUNK_BYTES
from jobs.store.uploads import INLINE_BYTES

Chunk = Callable[[str, int], Awaitable[bytes | memoryview | None]]
"""One chunk of a blob by its number; None behind the last."""
_LOOP_BYTES: Final = 16 * 1024
_UNREADABLE: Final = (
    FramequeueError,
    pa.ArrowException,
    msgspec.MsgspecError,
    csv.Error,
    zlib.error,
    OSError,
    ValueError,
    KeyError,
    OverflowError,
    RecursionError,
    MemoryError,
)


async def look(name: str, given: Input, data: bytes | None, chunk: Chunk) -> Schema:
    """The schema of the input `name` with its dtypes; `data` are its bytes where they are not in a blob.

    Nothing is known of what cannot be read: the worker tells why. Raises ColumnUnknown or SpecInvalid for `dtypes`
    that cannot be, and StoreError.
    """
    ref = given.payload
    if ref.columns is not None:
        seen = Schema.of_columns(ref.columns, ref.rows)
    else:
        part = await _part(ref, data, chunk)
        small = len(part) <= _LOOP_BYTES
        seen = _seen(ref, part) if small else await asyncio.to_thread(_seen, ref, part)
    return seen.cast(given.dtypes, name) if given.dtypes else seen


async def _part(ref: PayloadRef, data: bytes | None, chunk: Chunk) -> bytes:
    """The bytes that tell the schema: the first ones, or the last of a Parquet file; none where they are not there."""
    if data is not None:
        return data
    if not ref.blob:
        return b""
    try:
        if _kind(ref) != "parquet":
            return bytes(await chunk(ref.blob, 0) or b"")
        last = max(0, ref.bytes - 1) // CHUNK_BYTES
        tail = bytes(await chunk(ref.blob, last) or b"")
        if last and (footer_bytes(tail) or 0) > len(tail):
            tail = bytes(await chunk(ref.blob, last - 1) or b"") + tail
    except StoreError:
        raise
    except FramequeueError:  # gone: who submits is told so
        return b""
    return tail


def _kind(ref: PayloadRef) -> str:
    try:
        return by_media_type(ref.media_type).name
    except FramequeueError:
        return ""


def _seen(ref: PayloadRef, part: bytes) -> Schema:
    try:
        return _schema(ref, part) if part else Schema()
    except _UNREADABLE:
        return Schema()


def _schema(ref: PayloadRef, part: bytes) -> Schema:
    kind = _kind(ref)
    if kind in ("csv", "tsv"):
        if ref.encoding:
            return text_schema(kind, unpacked(part[:SAMPLE_BYTES], ref.encoding), ref.charset, None)
        return text_schema(kind, part[:SAMPLE_BYTES], ref.charset, ref.bytes)
    if ref.encoding:
        return Schema()
    if kind == "parquet":
        return parquet_schema(part)
    if kind in ("arrow", "arrow-file"):
        return arrow_schema(part, ref.bytes)
    small = len(part) == ref.bytes <= INLINE_BYTES
    if kind == "json" and small:
        return json_schema(part, ref.orient)
    if kind == "ndjson":
        return lines_schema(part) if small else Schema(rows=lines_estimate(part, ref.bytes))
    return Schema()
