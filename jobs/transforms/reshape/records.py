"""The records of `json_normalize`: in rows, in a column, in lists below them."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa

from jobs.errors import DtypeUnsuitable
from jobs.transforms.delegated import reason
from jobs.transforms.reshape.combinations import Ids
from jobs.transforms.reshape.explode import is_list, items_of, lengths_of
from jobs.transforms.reshape.nested import fields_of, is_objects, parsed, picked, unsuitable


@dataclass(frozen=True, slots=True)
class Level:
    """The records on one level of the way to the wanted ones: their fields, and the record above each."""

    fields: Mapping[str, Any]
    above: Ids


def inside(values: Any, key: str, at: str, *, last: bool) -> Level:
    """The records in the lists (or, on the way, objects) of a field."""
    if is_nothing(values):
        return Level({}, np.arange(0))
    if is_objects(values) and not last:
        there = np.flatnonzero(values.is_valid().to_numpy(zero_copy_only=False))
        return Level(fields_of(picked(values, there)), there)
    if not isinstance(values, pa.Array) or not is_list(values.type):
        raise DtypeUnsuitable(f"{key!r} does not hold lists, so there are no records in it", column=key, pointer=at)
    above = np.repeat(np.arange(len(values)), lengths_of(values))
    items = items_of(values)
    if is_objects(items):
        return Level(fields_of(items), above)
    return Level({"0": items}, above)


def values_of(column: pd.Series) -> Any:
    """The values; as Arrow's where they are nested."""
    if column.dtype == np.dtype(object) and not column.isna().all():
        column = _of_objects(column)
    dtype = column.dtype
    if not isinstance(dtype, pd.ArrowDtype) or not pa.types.is_nested(dtype.pyarrow_dtype):
        return column.to_numpy() if isinstance(dtype, np.dtype) else column.array
    return _whole(pa.array(column, from_pandas=True))


def _whole(values: Any) -> pa.Array:
    whole = values.combine_chunks() if isinstance(values, pa.ChunkedArray) else values
    return pa.concat_arrays(whole.chunks) if isinstance(whole, pa.ChunkedArray) else whole


def _of_objects(column: pd.Series) -> pd.Series:
    try:
        values = pa.array(column, from_pandas=True)
    except (pa.ArrowException, TypeError, ValueError, OverflowError) as error:
        raise unsuitable(column, f"its values have no one type: {reason(error)}", "") from error
    return pd.Series(pd.array(values, dtype=pd.ArrowDtype(values.type)), name=column.name)


def parsed_column(column: pd.Series, at: str, most: int) -> Any:
    """The values whose JSON text the column holds; raises DtypeUnsuitable where it holds no text."""
    if not is_text(column):
        raise unsuitable(column, "this column does not hold text to be read as JSON", at)
    return parsed(column, at, most)


def is_text(column: pd.Series) -> bool:
    """Whether a column holds text, as it is or as categories."""
    dtype = column.dtype
    if isinstance(dtype, pd.CategoricalDtype):
        dtype = dtype.categories.dtype
    return isinstance(dtype, pd.StringDtype)


def is_nothing(values: Any) -> bool:
    """Whether these are nulls only, of which nobody knows the type."""
    return (
        bool(pa.types.is_null(values.type))
        if isinstance(values, pa.Array)
        else bool(values.dtype == np.dtype(object) and pd.isna(values).all())
    )
