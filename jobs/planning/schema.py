"""The schema of an input that nobody has decoded: its columns, and how sure they are."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from enum import IntEnum
from typing import Final, NamedTuple

import pyarrow as pa

from jobs.codecs.schema import parse_dtype
from jobs.errors import ColumnUnknown, SpecInvalid
from jobs.model import Column
from jobs.pointers import escaped

MOST_COLUMNS: Final = 1_000
"""Inputs of more columns are not looked into: what is done before a job is accepted has to be cheap."""
NOT_KNOWN: Final = pa.null()
"""The type of a column whose type is not known."""
_PLAIN: Final[tuple[Callable[[pa.DataType], bool], ...]] = (
    pa.types.is_integer,
    pa.types.is_floating,
    pa.types.is_boolean,
    pa.types.is_string,
    pa.types.is_large_string,
    pa.types.is_string_view,
    pa.types.is_timestamp,
    pa.types.is_duration,
    pa.types.is_date,
    pa.types.is_time,
    pa.types.is_decimal,
    pa.types.is_binary,
    pa.types.is_large_binary,
)


class Known(IntEnum):
    """How much of a frame is certain before there are rows; more includes less."""

    NOTHING = 0
    NAMES = 1
    DTYPES = 2


class Field(NamedTuple):
    """A column; `nullable` says that nulls may occur."""

    name: str
    type: pa.DataType
    nullable: bool


@dataclass(frozen=True, slots=True)
class Schema:
    """The columns of an input, in order; equal where a check would find the same.

    `guess` gives likely types of all columns by position, for those that are NOT_KNOWN. `rows` is exact where
    `rows_exact`, else an estimate, or None.
    """

    fields: tuple[Field, ...] = ()
    known: Known = Known.NOTHING
    rows: int | None = field(default=None, compare=False)
    rows_exact: bool = field(default=False, compare=False)
    guess: Callable[[], Sequence[pa.DataType]] | None = field(default=None, compare=False)

    @classmethod
    def of(cls, fields: Iterable[Field], *, rows: int | None = None, rows_exact: bool = True) -> "Schema":
        """A schema whose names are certain; so are its dtypes where each says all about its values."""
        made = tuple(fields)
        if len(made) > MOST_COLUMNS:
            return cls(rows=rows, rows_exact=rows_exact)
        return cls(made, _known(made), rows, rows_exact)

    @classmethod
    def of_arrow(cls, schema: pa.Schema, *, rows: int | None, rows_exact: bool) -> "Schema":
        """The schema of a footer or header: whether nulls occur it does not say."""
        if len(schema) > MOST_COLUMNS:
            return cls(rows=rows, rows_exact=rows_exact)
        return cls.of((Field(one.name, one.type, True) for one in schema), rows=rows, rows_exact=rows_exact)  # noqa: FBT003  # its field

    @classmethod
    def of_columns(cls, columns: Iterable[Column], rows: int | None) -> "Schema":
        """What a worker read, by the names of the dtypes."""
        return cls.of((Field(one.name, _type_of(one.dtype), one.nullable) for one in columns), rows=rows)

    def cast(self, dtypes: Mapping[str, str], name: str) -> "Schema":
        """As it is once the input `name` has these dtypes.

        Raises ColumnUnknown or SpecInvalid, as decoding does, where that is certain.
        """
        types: dict[str, pa.DataType] = {}
        there = {one.name for one in self.fields}
        for column, dtype in dtypes.items():
            pointer = f"/inputs/{escaped(name)}/dtypes/{escaped(column)}"
            if self.known is not Known.NOTHING and column not in there:
                raise ColumnUnknown(column, [one.name for one in self.fields], pointer)
            types[column] = parse_dtype(dtype, pointer)
        if self.known is Known.NOTHING or not types:
            return self
        fields = tuple(one._replace(type=types.get(one.name, one.type)) for one in self.fields)
        return replace(self, fields=fields, known=_known(fields))

    def guessed(self) -> "Schema":
        """With likely types where none is known; that makes nothing certain."""
        if self.guess is None or all(one.type != NOT_KNOWN for one in self.fields):
            return self
        pairs = zip(self.fields, self.guess(), strict=True)
        fields = tuple(one if one.type != NOT_KNOWN else one._replace(type=type_) for one, type_ in pairs)
        return replace(self, fields=fields, guess=None)


def is_plain(type_: pa.DataType) -> bool:
    """Whether the type says all that a step may ask of it: not the categories of a category, nor what lists hold."""
    return any(one(type_) for one in _PLAIN)


def _known(fields: Iterable[Field]) -> Known:
    return Known.DTYPES if all(is_plain(one.type) for one in fields) else Known.NAMES


def _type_of(dtype: str) -> pa.DataType:
    try:
        return parse_dtype(dtype)
    except SpecInvalid:  # `object`, and nested types
        return NOT_KNOWN
