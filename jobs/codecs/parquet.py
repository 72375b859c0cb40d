"""Parquet: the footer is checked before anything is decoded, and decoding stays under the byte budget."""

from collections.abc import Iterator

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from jobs.codecs.base import Decoded, DecodeLimits, DecodeOptions, EncodeOptions
from jobs.codecs.budget import Budget, has_length
from jobs.codecs.parquet_groups import RowGroups
from jobs.codecs.parquet_pages import ChunkCost, cost_of, footer_size, promised_columns
from jobs.codecs.picking import picked
from jobs.codecs.sink import Sink
from jobs.codecs.soundness import sound
from jobs.errors import FidelityLost, InputEmpty, InputMalformed

_BATCH_ROWS = 65_536
# what the reader makes of a footer takes so many times its bytes (measured: 10 to 16)
_FOOTER_COST = 16
_SMALL_FOOTER = 1024**2
# a schema counts nested fields as well
_MOST_ELEMENTS = 20
_BROKEN = (
    pa.ArrowInvalid,
    pa.ArrowNotImplementedError,
    pa.ArrowTypeError,
    OSError,
    KeyError,
    ValueError,
    OverflowError,
)


class Parquet:
    """Apache Parquet, zstd-compressed on the way out."""

    name = "parquet"
    media_types: tuple[str, ...] = ("application/vnd.apache.parquet", "application/parquet", "application/x-parquet")
    extension = "parquet"
    reads = True
    missing = ""

    def decode(self, data: pa.Buffer, options: DecodeOptions) -> Decoded:
        """The table of a Parquet file; see `Codec.decode`."""
        if data.size == 0:
            raise InputEmpty(f"input {options.name!r} is empty where a Parquet file was expected", input=options.name)
        try:
            return self._read(data, options)
        except _BROKEN as error:
            reason = str(error).splitlines()[0][:200] if str(error) else type(error).__name__
            raise InputMalformed(
                f"input {options.name!r} is no readable Parquet file ({reason})", input=options.name
            ) from None

    def _read(self, data: pa.Buffer, options: DecodeOptions) -> Decoded:
        budget = Budget(options)
        _check_footer(data, budget, options.limits)
        with pq.ParquetFile(pa.BufferReader(data)) as file:
            schema = file.schema_arrow
            width = len(schema)
            budget.columns(width)
            budget.rows(file.metadata.num_rows)
            columns = _readable_alone(schema, options.columns)
            if columns is not None:
                schema = pa.schema([schema.field(name) for name in columns])
            groups = RowGroups(file, schema, columns, options)
            coded = _coded(_costs(data, groups, options.limits.decoded_bytes), schema, budget)
            if groups.sieve is not None and not coded:
                return groups.sifted(groups.sieve, lambda part: _checked(part, budget)).decoded(width, options.name)
            table = _read_coded(data, coded, columns, schema, budget) if coded else _checked(file.read(columns), budget)
            return Decoded(_sound_text(table) if coded else table, width=width)

    def encode(self, batches: pa.RecordBatchReader, _options: EncodeOptions, /) -> Iterator[bytes]:
        """A Parquet file, a row group per batch; see `Codec.encode`."""
        for field in batches.schema:
            if _has_empty_struct(field.type):
                detail = f"column {field.name!r} holds objects without fields, which Parquet cannot say; drop it"
                raise FidelityLost(detail)
        sink, schema = Sink(), _with_values(batches.schema)
        with pq.ParquetWriter(pa.PythonFile(sink, mode="w"), schema, compression="zstd") as writer:
            for batch in batches:
                # not write_batch: that holds back up to a million rows for one row group
                table = pa.Table.from_batches([batch])
                writer.write_table(table if schema is batches.schema else table.cast(schema))
                if piece := sink.take():
                    yield piece
        yield sink.take()


def _with_values(schema: pa.Schema) -> pa.Schema:
    """The schema with dictionaries of text for those of nothing, which Parquet cannot write."""
    for place, field in enumerate(schema):
        if pa.types.is_dictionary(field.type) and pa.types.is_null(field.type.value_type):
            schema = schema.set(place, field.with_type(pa.dictionary(pa.int32(), pa.string())))
    return schema


def _readable_alone(schema: pa.Schema, columns: frozenset[str] | None) -> list[str] | None:
    """The names to read, None for all; also where names do not tell columns apart: the reader takes them as paths."""
    positions = picked(schema.names, columns)
    if (
        len(positions) == len(schema)
        or len(set(schema.names)) < len(schema)
        or any("." in name for name in schema.names)
    ):
        return None
    return [schema.names[position] for position in positions]


def _checked(table: pa.Table, budget: Budget) -> pa.Table:
    budget.bytes(table.nbytes)
    return _sound_text(table)


def _sound_text(table: pa.Table) -> pa.Table:
    """The sound table; pa.ArrowInvalid on text that is not UTF-8: the reader takes it as it is, and JSON could not."""
    table = sound(table)
    for column in table.columns:
        if pa.types.is_string(column.type) or pa.types.is_large_string(column.type):
            for chunk in column.chunks:
                if not _is_ascii(chunk.buffers()[2]):
                    chunk.validate(full=True)
    return table


def _is_ascii(data: pa.Buffer | None) -> bool:
    # a tenth of the time that Arrow's own check takes, which most text then never needs
    return data is None or data.size == 0 or int(np.frombuffer(data, np.uint8).max()) < 128


def _has_empty_struct(type_: pa.DataType) -> bool:
    if pa.types.is_struct(type_) and type_.num_fields == 0:
        return True
    return any(_has_empty_struct(type_.field(place).type) for place in range(type_.num_fields))


def _check_footer(data: pa.Buffer, budget: Budget, limits: DecodeLimits) -> None:
    """Refuse a footer that would take much memory itself, before the reader makes objects of it."""
    promised, elements = promised_columns(data)
    budget.columns(promised)
    if elements > _MOST_ELEMENTS * limits.columns:
        budget.columns(elements)
    size = footer_size(data)
    if _SMALL_FOOTER < size < data.size:
        budget.fits(size * _FOOTER_COST)


def _costs(data: pa.Buffer, read: RowGroups, limit: int) -> dict[str, ChunkCost]:
    """What each column to read decodes to, by its path."""
    metadata, costs = read.metadata, dict[str, ChunkCost]()
    for place in range(metadata.num_columns):
        path = metadata.schema.column(place).path
        if read.columns is None or path.split(".")[0] in read.columns:
            groups = (cost_of(data, metadata, group, place, limit) for group in read.groups)
            costs[f"{path}" if path not in costs else f"{path} {place}"] = sum(groups, ChunkCost())
    return costs


def _coded(costs: dict[str, ChunkCost], schema: pa.Schema, budget: Budget) -> list[str]:
    """The columns to be read as codes, since their values written out may be too many bytes; none where all is small.

    Raises DecodedTooLarge where what is sure is too much already, or cannot be counted before it is there.
    """
    kinds = {field.name: field.type for field in schema}
    sure, written, vague = 0, 0, list[str]()
    for path, cost in costs.items():
        budget.fits(cost.largest)
        if pa.types.is_dictionary(kinds.get(path, pa.null())):  # stays codes
            sure += cost.sure + cost.largest
        elif cost.vague and cost.coded and _is_text(kinds.get(path, pa.null())):
            sure, written = sure + cost.sure, written + cost.vague * cost.longest
            vague.append(path)
        else:
            sure += cost.most
    budget.fits(sure)
    return vague if not budget.has_room(sure + written) else []


def _is_text(type_: pa.DataType) -> bool:
    return has_length(type_) or pa.types.is_string_view(type_) or pa.types.is_binary_view(type_)


def _read_coded(
    data: pa.Buffer, coded: list[str], columns: list[str] | None, schema: pa.Schema, budget: Budget
) -> pa.Table:
    """Read these columns as codes, so that their size is known before the values are written out."""
    batches = []
    with pq.ParquetFile(pa.BufferReader(data), read_dictionary=coded) as file:
        for batch in file.iter_batches(batch_size=_BATCH_ROWS, columns=columns):
            arrays = []
            for column, field in zip(batch.columns, schema, strict=True):
                encoded = pa.types.is_dictionary(column.type) and not pa.types.is_dictionary(field.type)
                budget.bytes(_written_out(column) if encoded else column.nbytes)
                arrays.append(column.dictionary_decode().cast(field.type) if encoded else column)
            batches.append(pa.RecordBatch.from_arrays(arrays, schema=schema))
    return pa.Table.from_batches(batches, schema=schema)


def _written_out(column: pa.DictionaryArray) -> int:
    lengths = pc.binary_length(column.dictionary).cast(pa.int64())
    return int(pc.sum(lengths.take(column.indices)).as_py() or 0) + 4 * len(column)
