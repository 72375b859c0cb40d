"""The row groups of a Parquet file: which may hold a wanted row, told from its footer, and those read part by part."""

from collections.abc import Callable, Iterator
from typing import Final

import pyarrow as pa
import pyarrow.parquet as pq

from jobs.codecs.base import DecodeOptions, Extent, Sieve
from jobs.codecs.sifting import Sifted, sieve_for
from jobs.codecs.soundness import sound

# a row group of so many times the rows of a part is read in parts itself, and then all columns together
_LARGE: Final = 8
_UNTOLD: Final = (pa.ArrowException, ValueError, TypeError, OverflowError, ArithmeticError, NotImplementedError)


class RowGroups:
    """What is read of an open file: the `columns` (None for all), and of the row groups those that the sieve needs."""

    def __init__(
        self, file: pq.ParquetFile, schema: pa.Schema, columns: list[str] | None, options: DecodeOptions
    ) -> None:
        self.columns, self.metadata = columns, file.metadata
        self.sieve = sieve = sieve_for(options, schema)
        self._part_rows = options.part_rows
        self._file, self._schema = file, schema
        self._places = _places(file.metadata, schema)
        self._nullable = None if sieve is None else self._with_nulls()
        self.groups = [
            group
            for group in range(file.metadata.num_row_groups)
            if sieve is None or self._nullable is None or sieve.may_hold(self._extents(group, sieve.columns))
        ]

    def sifted(self, sieve: Sieve, checked: Callable[[pa.Table], pa.Table]) -> Sifted:
        """The rows that pass the sieve; each part that is decoded goes through `checked` first."""
        left = Sifted(sieve, sound(self._schema.empty_table()).schema)  # as the parts come out of `checked`
        for name in self._nullable or ():
            left.nulls(name)
        bundles = list(self._bundles())
        first = [name for name in self._schema.names if name in sieve.columns]
        # where the footer tells of nulls, columns of which no row is wanted need not be seen; a dot would be a path
        alone = not any("." in name for name in self._schema.names)
        late = self._nullable is not None and alone and 0 < len(first) < len(self._schema)
        for bundle in bundles:
            if late and len(bundles) > 1 and not self._is_large(bundle):
                self._take_late(left, bundle, first, checked)
            else:
                for part in self._parts(bundle):
                    left.take(checked(part))
        left.rows = self.metadata.num_rows
        return left

    def _take_late(
        self, left: Sifted, bundle: list[int], first: list[str], checked: Callable[[pa.Table], pa.Table]
    ) -> None:
        """Read the columns that decide, and the others only where some row is wanted."""
        part = checked(self._file.read_row_groups(bundle, first))
        mask = left.wanted(part)
        if mask.true_count:
            others = [name for name in self._schema.names if name not in first]
            rest = checked(self._file.read_row_groups(bundle, others))
            columns = {**dict(zip(first, part.columns, strict=True)), **dict(zip(others, rest.columns, strict=True))}
            left.keep(pa.table({name: columns[name] for name in self._schema.names}), mask)

    def _bundles(self) -> Iterator[list[int]]:
        """The groups to read, small ones together."""
        held: list[int] = []
        rows = 0
        for group in self.groups:
            held.append(group)
            rows += self.metadata.row_group(group).num_rows
            if rows >= self._part_rows:
                yield held
                held, rows = [], 0
        if held:
            yield held

    def _is_large(self, bundle: list[int]) -> bool:
        return any(self.metadata.row_group(group).num_rows > _LARGE * self._part_rows for group in bundle)

    def _parts(self, bundle: list[int]) -> Iterator[pa.Table]:
        if not self._is_large(bundle):
            yield self._file.read_row_groups(bundle, self.columns)
            return
        for batch in self._file.iter_batches(self._part_rows, bundle, self.columns):
            yield pa.Table.from_batches([batch])

    def _with_nulls(self) -> list[str] | None:
        """The columns of integers and conditions with nulls, whose dtype these decide; None where the footer is silent.

        Also where a name does not tell the column in the file.
        """
        found = []
        for field in self._schema:
            if not (pa.types.is_integer(field.type) or pa.types.is_boolean(field.type)):
                continue
            place = self._places.get(field.name)
            if place is None:
                return None
            nulls = [self._nulls(group, place) for group in range(self.metadata.num_row_groups)]
            if None in nulls:
                return None
            if any(nulls):
                found.append(field.name)
        return found

    def _nulls(self, group: int, place: int) -> int | None:
        if self.metadata.schema.column(place).max_definition_level == 0:
            return 0
        told = self.metadata.row_group(group).column(place).statistics
        return int(told.null_count) if told is not None and told.has_null_count else None

    def _extents(self, group: int, names: frozenset[str]) -> dict[str, Extent]:
        """What the footer says of these columns in this group, of those types whose bounds it tells rightly."""
        rows = self.metadata.row_group(group).num_rows
        found = {}
        for name in names & self._places.keys():
            type_ = self._schema.field(name).type
            if _is_told(type_):
                place = self._places[name]
                found[name] = Extent(rows, self._nulls(group, place), self._ends(group, place, type_))
        return found

    def _ends(self, group: int, place: int, type_: pa.DataType) -> pa.Array | None:
        told = self.metadata.row_group(group).column(place).statistics
        if told is None or not told.has_min_max:
            return None
        try:
            ends = pa.array([told.min, told.max], type_)
        except _UNTOLD:  # such as a text cut in the middle of a character
            return None
        return ends if ends.null_count == 0 else None


def _places(metadata: pq.FileMetaData, schema: pa.Schema) -> dict[str, int]:
    """Where the plain columns stand in the file, by name."""
    paths = [metadata.schema.column(place).path for place in range(metadata.num_columns)]
    plain = {field.name for field in schema if not pa.types.is_nested(field.type)}
    return {path: place for place, path in enumerate(paths) if path in plain and paths.count(path) == 1}


def _is_told(type_: pa.DataType) -> bool:
    is_ = pa.types
    return bool(
        is_.is_integer(type_)
        or is_.is_boolean(type_)
        or (is_.is_floating(type_) and not is_.is_float16(type_))
        or is_.is_string(type_)
        or is_.is_large_string(type_)
        or is_.is_string_view(type_)
        or is_.is_date32(type_)
        or is_.is_timestamp(type_)
        or is_.is_decimal(type_)
    )
