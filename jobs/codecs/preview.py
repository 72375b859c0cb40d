"""The small JSON preview that stands in a job's record."""

from collections.abc import Sequence
from typing import Any

import msgspec
import pyarrow as pa

from jobs.codecs.json_cells import json_text

MAX_ROWS = 100
MAX_BYTES = 64 * 1024
_ENCODE = msgspec.json.Encoder().encode
# of these msgspec writes what `json_text` would: numbers exact, NaN and Infinity null
_PLAIN = frozenset(
    type_.id
    for type_ in (
        pa.int8(), pa.int16(), pa.int32(), pa.int64(), pa.uint8(), pa.uint16(), pa.uint32(), pa.uint64(),
        pa.float64(), pa.bool_(), pa.string(), pa.large_string(), pa.null(),
    )
)  # fmt: skip


def preview(table: pa.Table) -> tuple[bytes, bool]:
    """JSON records of the first rows, at most 100 and 64 KiB of them, and whether those are all rows and columns.

    A table with a repeated column name has no records: its preview is empty and incomplete.
    """
    names = table.column_names
    if len(set(names)) < len(names):
        return b"[]", False
    # a slice of a table without columns believes the length it is given
    head = table.slice(0, min(MAX_ROWS, table.num_rows))
    # through Python values: 30 µs for a few rows, where the kernels that write whole results take 500 µs to start
    columns = [_values(column) for column in head.columns]
    rows = zip(*columns, strict=True) if names else [()] * head.num_rows
    texts = _fitting(names, rows)
    return b"[" + b",".join(texts) + b"]", len(texts) == table.num_rows


def _fitting(names: Sequence[str], rows: Any) -> list[bytes]:
    texts: list[bytes] = []
    size = 1
    for row in rows:
        text = _ENCODE(dict(zip(names, row, strict=True)))
        size += len(text) + 1
        if size > MAX_BYTES:
            break
        texts.append(text)
    return texts


def _values(column: pa.ChunkedArray) -> list[Any]:
    if column.type.id in _PLAIN:
        values: list[Any] = column.to_pylist()
        return values
    texts = [text for chunk in column.chunks for text in json_text(chunk).to_pylist()]
    return [None if text is None else msgspec.Raw(text.encode()) for text in texts]
