"""Payloads to look at: a table in every format, and the look itself."""

import asyncio
from typing import Any

import pyarrow as pa

from jobs.codecs.base import EncodeOptions
from jobs.codecs.table import by_name
from jobs.model import Column, Input, PayloadRef
from jobs.planning import Schema, look

FORMATS = ("json", "ndjson", "csv", "parquet", "arrow", "arrow-file")


def encoded(table: pa.Table, form: str, orient: str | None = None) -> tuple[bytes, PayloadRef]:
    """The table in a format, and how to read it."""
    codec = by_name(form)
    # an empty category of no type cannot be written where its field says that it has no nulls
    table = table.cast(pa.schema([one.with_nullable(True) for one in table.schema]))  # noqa: FBT003  # its signature
    options = EncodeOptions(orient) if orient else EncodeOptions()
    data = b"".join(bytes(piece) for piece in codec.encode(table.to_reader(), options))
    return data, PayloadRef(blob="", media_type=codec.media_types[0], bytes=len(data), orient=orient)


def seen(data: bytes | None, ref: PayloadRef, *, chunks: tuple[bytes, ...] = (), **dtypes: str) -> Schema:
    """What a look tells; `chunks` are those of the blob."""

    async def chunk(_: str, number: int) -> bytes | None:
        return chunks[number] if number < len(chunks) else None

    return asyncio.run(look("df", Input(payload=ref, dtypes=dtypes), data, chunk))


def raw(data: bytes, media_type: str, **how: Any) -> Schema:
    """What a look at these bytes tells."""
    return seen(data, PayloadRef(blob="", media_type=media_type, bytes=len(data), **how))


def names(schema: Schema) -> list[str]:
    return [one.name for one in schema.fields]


def a_column(name: str, dtype: str, *, nullable: bool = False) -> Column:
    return Column(name=name, dtype=dtype, nullable=nullable)
