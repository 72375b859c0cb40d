"""The schema of Parquet from its footer, of Arrow from its header; nothing else of them is read."""

from typing import Final

import pyarrow as pa
import pyarrow.parquet as pq

from jobs.codecs.soundness import sound
from jobs.planning.schema import MOST_COLUMNS, Schema

FOOTER_BYTES: Final = 256 * 1024
"""A longer footer is not looked at: its parsed form may take two hundred times as much memory."""
_MAGIC: Final = b"PAR1"
_LENGTH_BYTES: Final = 8
_STRING_BYTES: Final = 64 * 1024
_CONTAINER: Final = 50_000
_ARROW_MAGIC: Final = b"ARROW1\x00\x00"
_TEXT_BITS: Final = 16 * 8


def footer_bytes(tail: bytes) -> int | None:
    """How many bytes at the end of a Parquet file its footer takes; None where this is none, or too long."""
    if tail[-4:] != _MAGIC or len(tail) < _LENGTH_BYTES:
        return None
    size = int.from_bytes(tail[-_LENGTH_BYTES:-4], "little") + _LENGTH_BYTES
    return size if size <= FOOTER_BYTES else None


def parquet_schema(tail: bytes) -> Schema:
    """The schema of a Parquet file that ends with `tail`; its number of rows is exact."""
    size = footer_bytes(tail)
    if size is None or size > len(tail):
        return Schema()
    file = pq.ParquetFile(
        pa.BufferReader(_MAGIC + tail[-size:]),
        thrift_string_size_limit=_STRING_BYTES,
        thrift_container_size_limit=_CONTAINER,
    )
    with file:
        metadata = file.metadata
        rows = metadata.num_rows
        if metadata.num_columns > MOST_COLUMNS or rows < 0:
            return Schema()
        return Schema.of_arrow(_sound(file.schema_arrow), rows=rows, rows_exact=True)


def arrow_schema(head: bytes, size: int) -> Schema:
    """The schema of an Arrow stream or file of `size` bytes that begins with `head`; its rows are an estimate."""
    with pa.ipc.open_stream(pa.py_buffer(head.removeprefix(_ARROW_MAGIC))) as reader:
        schema = reader.schema
    if len(schema) > MOST_COLUMNS:
        return Schema()
    row_bytes = sum(map(_bits, schema.types)) / 8
    return Schema.of_arrow(_sound(schema), rows=round(size / row_bytes) if row_bytes else None, rows_exact=False)


def _sound(schema: pa.Schema) -> pa.Schema:
    return sound(schema.empty_table()).schema


def _bits(type_: pa.DataType) -> int:
    try:
        return int(type_.bit_width)
    except ValueError:
        return _TEXT_BITS
