"""Rows of a column by their positions, where -1 stands for a row that is not there."""

from typing import Any

import numpy as np
import pandas as pd
from pandas.api.extensions import take

from jobs.transforms.nulls import nullable_dtype

Positions = np.ndarray[Any, np.dtype[np.intp]]


def taken(array: Any, rows: Positions | None, *, missing: bool) -> Any:
    """The values at these positions (None: all as they are); `missing` says whether one of them is -1, a null.

    Integers and booleans that gain nulls become nullable. The values of `array` are shared or copied, never changed.
    """
    if rows is None:
        return array
    if not isinstance(array, np.ndarray):
        return array.take(rows, allow_fill=missing)
    if not missing:
        return array.take(rows)
    if array.dtype.kind == "f":
        return take(array, rows, allow_fill=True)  # in one pass
    absent = rows < 0
    found: Any = array.take(rows) if len(array) else np.zeros(len(rows), array.dtype)
    if nullable_dtype(array.dtype) is not None:
        kind = pd.arrays.BooleanArray if array.dtype.kind == "b" else pd.arrays.IntegerArray
        return kind(found, absent)
    found[absent] = None if array.dtype == object else "NaT"
    return found


def unwrapped(values: Any) -> Any:
    """The values of a Series' or an Index' `array` as `frame_of` takes them: NumPy's own bare."""
    return values.to_numpy() if isinstance(values, pd.arrays.NumpyExtensionArray) else values


def nulls(count: int, dtype: Any) -> Any:
    """So many nulls of a dtype, or of its nullable counterpart."""
    return taken(unwrapped(pd.Series([], dtype=dtype).array), np.full(count, -1, np.intp), missing=True)
