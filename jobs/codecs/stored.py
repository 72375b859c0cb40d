"""The stored form of results: an Arrow IPC stream, read and written batch by batch."""

from collections.abc import Iterator
from typing import Protocol

import pyarrow as pa

from jobs.codecs.floats import has_infinity
from jobs.codecs.sink import Sink
from jobs.errors import InputMalformed
from jobs.model import STORED_MEDIA_TYPE

MEDIA_TYPE = STORED_MEDIA_TYPE
_BATCH_ROWS = 65_536
_BATCH_BYTES = 1024**2
# below this, compressing costs more time than the store saves (docs/decisions/0002-stored-form.md)
_TINY = 64 * 1024
INFINITE = b"framequeue.infinite"


class Readable(Protocol):
    """What `open_stored` reads from: no seek, no length."""

    def read(self, size: int = -1, /) -> bytes:
        """Up to `size` bytes, none at the end."""
        ...


def store(table: pa.Table) -> Iterator[bytes | pa.Buffer]:
    """The stored form of `table`, in pieces of at most a few MiB each; schema only where it has no rows.

    Columns with Infinity are marked in the schema, so that a format without it can say so before it streams.
    """
    marked = _marked(table)
    # what all buffers hold is known at once, and not less than what is seen of them
    tiny = table.get_total_buffer_size() <= _TINY or table.nbytes <= _TINY
    options = pa.ipc.IpcWriteOptions(
        compression=None if tiny else "zstd", emit_dictionary_deltas=False, unify_dictionaries=False
    )
    if tiny:
        sink = pa.BufferOutputStream()
        with pa.ipc.new_stream(sink, marked.schema, options=options) as writer:
            writer.write_table(marked)
        yield sink.getvalue()
        return
    pieces = Sink()
    with pa.ipc.new_stream(pa.PythonFile(pieces, mode="w"), marked.schema, options=options) as writer:
        for batch in marked.to_batches(max_chunksize=batch_rows(marked)):
            writer.write_batch(batch)
            yield pieces.take()
    yield pieces.take()


def open_stored(source: Readable | pa.Buffer) -> pa.RecordBatchReader:
    """The batches of a stored result, read as they are asked for; raises InputMalformed where it is broken."""
    try:
        return pa.ipc.open_stream(source if isinstance(source, pa.Buffer) else pa.PythonFile(_Source(source), mode="r"))
    except (pa.ArrowInvalid, OSError) as error:
        raise InputMalformed(f"the stored result cannot be read ({str(error)[:200]})") from None


def batch_rows(table: pa.Table) -> int:
    """Rows per batch so that one is about 1 MiB, and 65,536 at most."""
    if not table.num_rows:
        return _BATCH_ROWS
    row_bytes = max(1, table.nbytes // table.num_rows)
    return int(max(1, min(_BATCH_ROWS, _BATCH_BYTES // row_bytes)))


def _marked(table: pa.Table) -> pa.Table:
    schema = table.schema
    if any(map(pa.types.is_dictionary, schema.types)):
        table = table.unify_dictionaries()
        schema = table.schema
    infinite = [position for position, column in enumerate(table.columns) if has_infinity(column)]
    if schema.metadata is None and not infinite and not any(field.metadata for field in schema):
        return table
    fields = [field.remove_metadata() for field in schema]
    for position in infinite:
        fields[position] = fields[position].with_metadata({INFINITE: b"1"})
    return (
        pa.Table.from_arrays(table.columns, schema=pa.schema(fields)) if fields else table.replace_schema_metadata(None)
    )


class _Source:
    """The file-like face that Arrow asks for, over anything with `read`."""

    closed = False

    def __init__(self, source: Readable) -> None:
        self._source = source

    def read(self, size: int = -1) -> bytes:
        return self._source.read(size)
