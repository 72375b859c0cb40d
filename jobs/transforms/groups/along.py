"""One value for each row, made of the rows of its group: running sums, ranks, the rows before and after."""

from collections.abc import Mapping
from typing import Any, Final

import numpy as np
import pandas as pd
import pyarrow as pa
from pandas.api.extensions import take
from pandas.api.types import is_bool_dtype, is_integer_dtype, is_numeric_dtype

from jobs.transforms.groups.grouping import Grouping, column_of
from jobs.transforms.groups.kernels import order_of
from jobs.transforms.meanings import floats_of, is_decimal
from jobs.transforms.nulls import nullable_dtype

_GAINS_NULLS: Final = frozenset({"shift", "diff"})
_FLOATS: Final = frozenset({"rank", "pct_change"})
_EXTREMES: Final = frozenset({"cummax", "cummin"})
_ANY: Final = frozenset({"shift", "ffill", "bfill"})


def spread(values: Any, grouping: Grouping) -> Any:
    """The value of its group for each row: null for a row in none, where integers and booleans become nullable."""
    if not grouping.leaves_out:
        return values.take(grouping.ids)
    wider = nullable_dtype(values.dtype)
    return take(values if wider is None else pd.array(values, dtype=wider), grouping.ids, allow_fill=True)


def numbered(grouping: Grouping, function: str, *, ascending: bool = True) -> Any:
    """`ngroup` or `cumcount`: the number of each row's group, or of the row in its group, from 0."""
    if function == "ngroup":
        numbers = np.arange(grouping.count) if ascending else np.arange(grouping.count)[::-1]
        return spread(numbers.astype("int64"), grouping)
    rows = pd.Series(np.zeros(len(grouping.ids), dtype="int8")).groupby(grouping.grouper)
    counted = rows.cumcount(ascending=ascending)
    return column_of(counted.astype("Int64") if grouping.leaves_out else counted.astype("int64"))


def along(column: pd.Series, grouping: Grouping, function: str, arguments: Mapping[str, Any]) -> Any:
    """pandas' `column.groupby(...).function(...)` as an array; integers and booleans with nulls are nullable.

    Decimals are shifted, filled, ranked and compared exactly; sums, products and differences of them are float64.
    Raises what pandas raises of data it does not take.
    """
    if function in _EXTREMES and is_decimal(column.dtype):
        return _extremes(column, grouping, function, arguments)
    filling = arguments.get("fill_value")
    if filling is not None and not holds(column.dtype, filling):
        raise TypeError(f"{filling!r} does not fit")
    ready = _ready(column, function, nulls=grouping.leaves_out or function in _GAINS_NULLS)
    # `function` comes from the table of functions, never from the input
    made = getattr(ready.groupby(grouping.grouper), function)(**arguments)
    if function in _FLOATS:
        return made.to_numpy(dtype="float64", na_value=np.nan)
    return _settled(made, column)


def _ready(column: pd.Series, function: str, *, nulls: bool) -> pd.Series:
    """The column in the dtype that pandas computes in."""
    dtype = column.dtype
    if is_decimal(column.dtype) and function not in _ANY:
        return order_of(column) if function == "rank" else pd.Series(floats_of(column), index=column.index)
    if function == "pct_change":
        if not is_numeric_dtype(dtype) or is_bool_dtype(dtype):
            raise TypeError("it wants numbers")
        return pd.Series(floats_of(column), index=column.index)
    if function == "diff" and is_bool_dtype(dtype):
        raise TypeError("it wants numbers or times; cast with astype")
    if function == "diff" and is_integer_dtype(dtype):
        # a difference of small or unsigned integers need not be one; of the largest unsigned ones it is a float
        return column.astype("float64" if str(dtype).lower() == "uint64" else "Int64")
    wider = nullable_dtype(dtype) if nulls else None
    return column if wider is None else column.astype(wider)


def _settled(made: pd.Series, given: pd.Series) -> Any:
    """The values, back at NumPy's integers and booleans where they came as such and no null came in."""
    masked = isinstance(made.array, (pd.arrays.IntegerArray, pd.arrays.BooleanArray))
    if masked and nullable_dtype(given.dtype) is not None and not made.hasnans:
        return made.to_numpy(dtype=made.dtype.numpy_dtype)  # type: ignore[union-attr]  # a masked dtype has it
    return column_of(made)


def _extremes(column: pd.Series, grouping: Grouping, function: str, arguments: Mapping[str, Any]) -> Any:
    """The largest or smallest decimal so far, found by the order of the values and so exact."""
    places = order_of(column)
    found = getattr(places.groupby(grouping.grouper), function)(**arguments).to_numpy()
    values: Any = column.array
    ordered = pa.chunked_array(pa.array(values)).unique().drop_null().sort() if len(column) else pa.array(values)
    where = pa.array(np.where(np.isnan(found), 0, found - 1).astype("int64"), mask=np.isnan(found))
    return pd.array(ordered.take(where), dtype=column.dtype)


def holds(dtype: Any, value: Any) -> bool:
    """Whether a column of one of NumPy's dtypes can hold the value as it is; of others, pandas tells."""
    if isinstance(dtype, pd.CategoricalDtype):
        return value in dtype.categories
    if not isinstance(dtype, np.dtype):
        return True
    if isinstance(value, bool) or dtype.kind == "b":
        return isinstance(value, bool) and dtype.kind == "b"
    if dtype.kind in "iu":
        return isinstance(value, int) and np.iinfo(dtype).min <= value <= np.iinfo(dtype).max
    return isinstance(value, (int, float)) and dtype.kind == "f"
