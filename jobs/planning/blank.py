"""Frames that have the dtypes of a schema and no rows, or a few made up."""

from functools import lru_cache

import pandas as pd
import pyarrow as pa

from jobs.codecs.frames import to_pandas
from jobs.planning.schema import NOT_KNOWN, Field, Schema, is_plain

_MADE_UP = (1, 2, 3)
_TEXTS = ("a", "b", "c")
_FEW = 64


def blank(schema: Schema, *, nullable: bool | None = None) -> pd.DataFrame:
    """No rows; `nullable` says whether all columns may hold nulls, without it each as the schema says.

    The frame may be one that others have, too: no step changes what it is given.
    """
    fields = schema.fields if nullable is None else tuple(one._replace(nullable=nullable) for one in schema.fields)
    return _known_blank(fields) if len(fields) <= _FEW else _blank(fields)


def _blank(fields: tuple[Field, ...]) -> pd.DataFrame:
    schema = pa.schema([pa.field(one.name, one.type, nullable=one.nullable) for one in fields])
    return to_pandas(schema.empty_table(), as_declared=True)


@lru_cache(maxsize=128)
def _known_blank(fields: tuple[Field, ...]) -> pd.DataFrame:
    return _blank(fields)


def made_up(schema: Schema, *, nulls: bool) -> pd.DataFrame:
    """Three rows of plain values; with `nulls` the one in the middle has none."""
    arrays = [_values(one, nulls=nulls) for one in schema.fields]
    return to_pandas(pa.Table.from_arrays(arrays, names=[one.name for one in schema.fields]))


def _values(field: Field, *, nulls: bool) -> pa.Array:
    type_ = field.type
    if type_ == NOT_KNOWN or not is_plain(type_):
        return pa.nulls(len(_MADE_UP), type_)
    if _is_text(type_):
        values = pa.array(_TEXTS).cast(type_)
    elif pa.types.is_boolean(type_):
        values = pa.array([True, False, True])
    elif pa.types.is_decimal(type_):
        values = pa.array([0, 0, 0]).cast(type_)  # the one number that every decimal holds
    else:
        # dates, times and durations count from their beginning
        bits = 32 if type_ in (pa.date32(), pa.time32("s"), pa.time32("ms")) else 64
        values = pa.array(_MADE_UP, pa.int32() if bits == 32 else pa.int64()).cast(type_)
    return pa.array([values[0].as_py(), None, values[2].as_py()], type_) if nulls else values


def _is_text(type_: pa.DataType) -> bool:
    tests = (
        pa.types.is_string,
        pa.types.is_large_string,
        pa.types.is_string_view,
        pa.types.is_binary,
        pa.types.is_large_binary,
    )
    return any(one(type_) for one in tests)
