"""A stored result in the format somebody asked for: projected, sliced, encoded and compressed, batch by batch."""

from collections.abc import Iterator, Sequence

import pyarrow as pa

from jobs.codecs.base import Codec, EncodeOptions
from jobs.codecs.compression import canonical_encoding, compress
from jobs.errors import ColumnUnknown, FidelityLost, SpecInvalid

_RELEASE_BYTES = 4 * 1024**2


def render(
    reader: pa.RecordBatchReader,
    codec: Codec,
    options: EncodeOptions,
    *,
    columns: Sequence[str] | None = None,
    offset: int = 0,
    limit: int | None = None,
    encoding: str | None = None,
) -> Iterator[bytes]:
    """The encoded bytes, piece by piece, of rows `offset` to `offset + limit` and the named columns, in their order.

    A name that stands there twice counts once; one that several columns have means all of them.

    Raises ColumnUnknown, SpecInvalid, FormatUnsupported or FidelityLost before the first piece.
    """
    name = canonical_encoding(encoding)
    if offset < 0 or (limit is not None and limit < 0):
        raise SpecInvalid("offset and limit count rows from 0; neither is negative")
    positions = _positions(reader.schema, columns)
    schema = pa.schema([reader.schema.field(position).remove_metadata() for position in positions])
    batches = pa.RecordBatchReader.from_batches(schema, _selected(reader, schema, positions, offset, limit))
    pieces = (piece for piece in codec.encode(batches, options) if piece)
    try:
        first = next(pieces, b"")
    except (pa.ArrowNotImplementedError, pa.ArrowTypeError) as error:
        reason = str(error).splitlines()[0][:200]
        raise FidelityLost(f"the format {codec.name!r} has no form for a type of this frame ({reason})") from None
    return _after(first, pieces) if name is None else compress(_after(first, pieces), name)


def _after(first: bytes, rest: Iterator[bytes]) -> Iterator[bytes]:
    """All pieces; every few MiB what was freed on the way goes back to the system, so that the process stays small."""
    kept = len(first)
    if first:
        yield first
    for piece in rest:
        yield piece
        kept += len(piece)
        if kept > _RELEASE_BYTES:
            kept = 0
            pa.default_memory_pool().release_unused()
    pa.default_memory_pool().release_unused()


def _positions(schema: pa.Schema, columns: Sequence[str] | None) -> list[int]:
    if columns is None:
        return list(range(len(schema)))
    positions: list[int] = []
    for name in dict.fromkeys(columns):
        found = schema.get_all_field_indices(name)
        if not found:
            raise ColumnUnknown(name, schema.names, f"/columns/{columns.index(name)}")
        positions.extend(found)
    return positions


def _selected(
    reader: pa.RecordBatchReader, schema: pa.Schema, positions: Sequence[int], offset: int, limit: int | None
) -> Iterator[pa.RecordBatch]:
    left = limit
    for batch in reader:
        if left == 0:
            return
        taken = batch.num_rows
        if offset >= taken:
            offset -= taken
            continue
        rows = batch.slice(offset, left) if left is not None else batch.slice(offset)
        offset = 0
        left = None if left is None else left - rows.num_rows
        if positions:
            yield pa.RecordBatch.from_arrays([rows.column(position) for position in positions], schema=schema)
        else:
            yield rows.select([])
