"""Arrow batches to CSV and TSV: what reads back the same is written, and nothing is quoted that need not be."""

import re
from collections.abc import Iterator

import pyarrow as pa
import pyarrow.compute as pc

from jobs.codecs.cells import glue, is_binary, is_text, joined, plain, scalar_text
from jobs.codecs.json_cells import json_text


def written(batches: pa.RecordBatchReader, delimiter: str) -> Iterator[bytes]:
    """The header and the rows, batch by batch; lines end with `\\n`."""
    names = batches.schema.names
    needs_quotes = f'["\r\n{delimiter}]|^$|^ | $'
    header = delimiter.join(_quoted_name(name, needs_quotes, alone=len(names) == 1) for name in names)
    yield header.encode() + b"\n"
    for batch in batches:
        if not batch.num_rows:
            continue
        if not names:
            yield b"\n" * batch.num_rows
            continue
        parts: list[pa.Array | str] = []
        for column in batch.columns:
            parts += [_cell_text(column, needs_quotes), delimiter]
        yield bytes(joined(glue([*parts[:-1], "\n"], nulls="")))


def _quoted_name(name: str, needs_quotes: str, *, alone: bool) -> str:
    must = re.search(needs_quotes, name) is not None and (name != "" or alone)
    return '"' + name.replace('"', '""') + '"' if must else name


def _cell_text(column: pa.Array, needs_quotes: str) -> pa.Array:
    """Null is an empty field, an empty string a quoted one; nested values are their JSON text."""
    array = plain(column)
    if pa.types.is_nested(array.type):
        return _quoted(json_text(array), needs_quotes)
    if is_text(array.type):
        return _quoted(array, needs_quotes)
    text = scalar_text(array)
    return _quoted(text, "^$") if is_binary(array.type) else text


def _quoted(text: pa.Array, needs_quotes: str) -> pa.Array:
    must = pc.match_substring_regex(text, needs_quotes)
    if not pc.any(must).as_py():
        return text
    doubled = pc.replace_substring(text, '"', '""')
    return pc.if_else(must, glue(['"', doubled, '"'], nulls=None), text)
