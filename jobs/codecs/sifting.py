"""Decoding in parts: of each part the rows that are wanted are kept before the next is decoded."""

from collections.abc import Iterator

import pyarrow as pa

from jobs.codecs.base import Decoded, DecodeOptions, Sieve
from jobs.codecs.floats import has_nan
from jobs.codecs.picking import only
from jobs.model import Warn


def sieve_for(options: DecodeOptions, schema: pa.Schema) -> Sieve | None:
    """The sieve that can be applied to parts of such a table; None where the table has to be seen whole.

    So it has where values are cast or set aside, where categories are those of all rows, and where names do not tell
    columns apart or are unknown.
    """
    sieve = options.sieve
    if sieve is None or options.rejects is not None or options.dtypes or len(set(schema.names)) < len(schema):
        return None
    whole = any(isinstance(type_, pa.BaseExtensionType) or pa.types.is_dictionary(type_) for type_ in schema.types)
    return None if whole or not sieve.columns <= set(schema.names) else sieve


class Sifted:
    """What is left of one input, part by part; `schema` is that of the columns that are decoded."""

    def __init__(self, sieve: Sieve, schema: pa.Schema) -> None:
        self._sieve, self._schema = sieve, schema
        self._nullable = {field.name: pa.types.is_null(field.type) for field in schema}
        self._nan: dict[str, bool] = dict.fromkeys(schema.names, False)
        self._kept: list[pa.Table] = []
        self.rows = 0

    def nulls(self, name: str) -> None:
        """Some row of this column is null."""
        self._nullable[name] = True

    def wanted(self, part: pa.Table) -> pa.BooleanArray:
        """Which rows of a part are wanted; it has the sieve's columns at least."""
        looked_at = only(part, self._sieve.columns)
        self._look(looked_at)
        return self._sieve.holds(self._declared(looked_at))

    def keep(self, part: pa.Table, mask: pa.BooleanArray) -> None:
        """Keep these rows of a part, which has all columns."""
        self._look(part.drop_columns([name for name in part.column_names if name in self._sieve.columns]))
        kept = only(part, self._sieve.kept)
        if mask.true_count:
            self._kept.append(kept if mask.true_count == len(mask) else kept.filter(mask))

    def take(self, part: pa.Table) -> None:
        """Keep what is wanted of a part."""
        self.rows += part.num_rows
        self.keep(part, self.wanted(part))

    def decoded(self, width: int, name: str) -> Decoded:
        """The rows that were kept, of an input of so many columns."""
        if not self._kept:
            none = self._schema.empty_table()
            self.wanted(none)  # what is wrong with the dtypes is wrong without rows too
            self._kept.append(only(none, self._sieve.kept))
        parts = [self._declared(part) for part in self._kept]
        warnings = tuple(
            Warn(
                code="nan_to_null",
                detail=f"input {name!r}, column {column!r}: NaN is missing, like null",
                column=column,
            )
            for column, nan in self._nan.items()
            if nan
        )
        return Decoded(pa.concat_tables(parts), warnings, width, rows=self.rows)

    def _look(self, part: pa.Table) -> None:
        for name, column in zip(part.column_names, part.columns, strict=True):
            self._nullable[name] |= column.null_count > 0
            self._nan[name] |= has_nan(column)

    def _declared(self, part: pa.Table) -> pa.Table:
        fields = [pa.field(field.name, field.type, nullable=self._nullable[field.name]) for field in part.schema]
        return pa.Table.from_arrays(part.columns, schema=pa.schema(fields))


def together(batches: Iterator[pa.RecordBatch], schema: pa.Schema, rows: int) -> Iterator[pa.Table]:
    """The batches as tables of at least so many rows, but for the last."""
    held: list[pa.RecordBatch] = []
    for batch in batches:
        held.append(batch)
        if sum(one.num_rows for one in held) >= rows:
            yield pa.Table.from_batches(held, schema=schema)
            held = []
    if held:
        yield pa.Table.from_batches(held, schema=schema)
