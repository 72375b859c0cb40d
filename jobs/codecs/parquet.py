"""Parquet: the footer is checked before anything is decoded, and decoding stays under the byte budget."""

from collections.abc import Iterator

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from jobs.codecs.base import Decoded, DecodeOptions, EncodeOptions
from jobs.codecs.budget import Budget, has_length
from jobs.codecs.picking import picked
from jobs.codecs.sink import Sink
from jobs.codecs.soundness import sound
from jobs.errors import FidelityLost, InputEmpty, InputMalformed

_BATCH_ROWS = 65_536
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
            read, width = self._read(data, options)
            table = sound(read)
            _check_text(table)
            return Decoded(table, width=width)
        except _BROKEN as error:
            reason = str(error).splitlines()[0][:200] if str(error) else type(error).__name__
            raise InputMalformed(
                f"input {options.name!r} is no readable Parquet file ({reason})", input=options.name
            ) from None

    def _read(self, data: pa.Buffer, options: DecodeOptions) -> tuple[pa.Table, int]:
        budget = Budget(options)
        with pq.ParquetFile(pa.BufferReader(data)) as file:
            schema = file.schema_arrow
            width = len(schema)
            budget.columns(width)
            budget.rows(file.metadata.num_rows)
            limit = options.limits.decoded_bytes
            columns = _readable_alone(schema, options.columns)
            if columns is not None:
                schema = pa.schema([schema.field(name) for name in columns])
            suspects = [name for name in _expandable(file, limit) if columns is None or name in columns]
            coded = [name for name in suspects if _longest_fills(data, name, limit)]
            if coded:
                return _read_coded(data, coded, columns, schema, budget), width
            if budget.surely_small(_promised(file.metadata)) and data.size * 64 < limit:
                table = file.read(columns)
                budget.bytes(table.nbytes)
                return table, width
            batches = []
            rows = max(1, min(_BATCH_ROWS, file.metadata.num_rows))
            for batch in file.iter_batches(batch_size=rows, columns=columns):
                budget.bytes(batch.nbytes)
                batches.append(batch)
            return pa.Table.from_batches(batches, schema=schema), width

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


def _check_text(table: pa.Table) -> None:
    """Raise pa.ArrowInvalid on text that is not UTF-8: the reader takes it as it stands, and JSON could not."""
    for column in table.columns:
        if pa.types.is_string(column.type) or pa.types.is_large_string(column.type):
            for chunk in column.chunks:
                if not _is_ascii(chunk.buffers()[2]):
                    chunk.validate(full=True)


def _is_ascii(data: pa.Buffer | None) -> bool:
    # a tenth of the time that Arrow's own check takes, which most text then never needs
    return data is None or data.size == 0 or int(np.frombuffer(data, np.uint8).max()) < 128


def _has_empty_struct(type_: pa.DataType) -> bool:
    if pa.types.is_struct(type_) and type_.num_fields == 0:
        return True
    return any(_has_empty_struct(type_.field(place).type) for place in range(type_.num_fields))


def _expandable(file: pq.ParquetFile, limit: int) -> list[str]:
    """The columns of text or bytes that may hold far more than the footer says, which counts a repeated value once."""
    metadata, names = file.metadata, []
    kinds = {field.name: field.type for field in file.schema_arrow}
    for position in range(metadata.num_columns if metadata.num_row_groups else 0):
        chunks = [metadata.row_group(group).column(position) for group in range(metadata.num_row_groups)]
        worst = sum(chunk.num_values * chunk.total_uncompressed_size for chunk in chunks)
        name = chunks[0].path_in_schema
        has_codes = any("DICTIONARY" in encoding for chunk in chunks for encoding in chunk.encodings)
        if has_codes and worst * 4 > limit and name in kinds and has_length(kinds[name]):
            names.append(name)
    return names


def _longest_fills(data: pa.Buffer, name: str, limit: int) -> bool:
    """Whether the column would be too large if every value of it were the longest of its row group's dictionary.

    The first batch of a row group brings its whole dictionary; reading all codes would cost five times the plain read.
    """
    worst = 0
    with pq.ParquetFile(pa.BufferReader(data), read_dictionary=[name]) as file:
        for group in range(file.metadata.num_row_groups):
            batch = next(file.iter_batches(batch_size=1, row_groups=[group], columns=[name]), None)
            if batch is not None and pa.types.is_dictionary(batch.column(0).type):
                longest = pc.max(pc.binary_length(batch.column(0).dictionary)).as_py() or 0
                worst += longest * file.metadata.row_group(group).num_rows
    return worst * 4 > limit


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


def _promised(metadata: pq.FileMetaData) -> int:
    return sum(metadata.row_group(group).total_byte_size for group in range(metadata.num_row_groups))
