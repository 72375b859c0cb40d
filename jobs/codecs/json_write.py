"""Arrow batches to JSON text in its orients, and to JSON lines."""

import tempfile
from collections import Counter
from collections.abc import Iterator, Sequence
from typing import IO, Final

import msgspec
import pyarrow as pa

from jobs.codecs.cells import glue, joined
from jobs.codecs.json_cells import json_text
from jobs.errors import FidelityLost

_HELD_BYTES: Final = 8 * 1024**2
_ENCODE = msgspec.json.Encoder().encode


def records_text(batches: pa.RecordBatchReader) -> Iterator[bytes]:
    """An array of records."""
    _refuse_twins(batches.schema)
    yield from _array_text(batches, record_starts(batches.schema.names), "}", "{}")


def lines_text(batches: pa.RecordBatchReader) -> Iterator[bytes]:
    """A record a line."""
    _refuse_twins(batches.schema)
    starts = record_starts(batches.schema.names)
    for batch in batches:
        if batch.num_rows:
            yield bytes(joined(rows_text(batch, starts, "}\n"))) if starts else b"{}\n" * batch.num_rows


def split_text(batches: pa.RecordBatchReader) -> Iterator[bytes]:
    """The names once, then rows as arrays: the orient that keeps repeated names."""
    names = batches.schema.names
    starts = ["[", *[","] * (len(names) - 1)] if names else []
    yield b'{"columns":' + _ENCODE(names) + b',"data":'
    yield from _array_text(batches, starts, "]", "[]")
    yield b"}"


def columns_text(batches: pa.RecordBatchReader) -> Iterator[bytes]:
    """An object of arrays; the first column ends after the last batch, so large tables wait in a temporary file."""
    _refuse_twins(batches.schema)
    with tempfile.SpooledTemporaryFile(_HELD_BYTES) as spool:
        with pa.ipc.new_file(pa.PythonFile(spool, mode="w"), batches.schema) as writer:
            for batch in batches:
                if batch.num_rows:
                    writer.write_batch(batch)
        yield b"{"
        for position, name in enumerate(batches.schema.names):
            yield (b"," if position else b"") + _ENCODE(name) + b":["
            yield from _column_text(spool, position)
            yield b"]"
        yield b"}"


def _column_text(spool: IO[bytes], position: int) -> Iterator[bytes]:
    spool.seek(0)
    file = pa.ipc.open_file(pa.PythonFile(spool, mode="r"), options=pa.ipc.IpcReadOptions(included_fields=[position]))
    for number in range(file.num_record_batches):
        values = joined(glue([json_text(file.get_batch(number).column(0)), ","], nulls="null"))
        yield bytes(values if number < file.num_record_batches - 1 else values[:-1])


def _refuse_twins(schema: pa.Schema) -> None:
    twins = [name for name, count in Counter(schema.names).items() if count > 1]
    if twins:
        raise FidelityLost(
            f"two columns have the name {twins[0]!r}, and a JSON object has a name once; use orient=split or rename one"
        )


def record_starts(names: Sequence[str]) -> list[str]:
    """What stands before each column's value in a record."""
    return [("," if position else "{") + _ENCODE(name).decode() + ":" for position, name in enumerate(names)]


def _array_text(batches: pa.RecordBatchReader, starts: Sequence[str], end: str, bare: str) -> Iterator[bytes]:
    opening = b"["
    for batch in batches:
        if batch.num_rows:
            rows = (
                joined(rows_text(batch, starts, end + ","))
                if starts
                else memoryview((bare + ",").encode() * batch.num_rows)
            )
            # every row ends with a comma; the last one's is left out until another row follows
            yield opening + rows[:-1]
            opening = b","
    yield b"[]" if opening == b"[" else b"]"


def rows_text(batch: pa.RecordBatch, starts: Sequence[str], end: str) -> pa.Array:
    """A text per row: each column's value after its start, then the end."""
    parts: list[pa.Array | str] = []
    for start, column in zip(starts, batch.columns, strict=True):
        parts += [start, json_text(column)]
    return glue([*parts, end], nulls="null")
