"""What Arrow's columns mean to pandas' calls that know NumPy's and its own dtypes alone."""

from collections.abc import Callable, Collection
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa

from jobs.codecs.decimals import nearest_floats


def is_decimal(dtype: Any) -> bool:
    """Whether this is Arrow's dtype of exact decimals."""
    return isinstance(dtype, pd.ArrowDtype) and bool(pa.types.is_decimal(dtype.pyarrow_dtype))


def is_date(dtype: Any) -> bool:
    """Whether this is one of Arrow's dtypes of days."""
    return isinstance(dtype, pd.ArrowDtype) and bool(pa.types.is_date(dtype.pyarrow_dtype))


def decimals_as_floats(frame: pd.DataFrame) -> pd.DataFrame:
    """The frame with its decimals as float64; other data is shared."""
    return _changed(frame, [place for place, dtype in enumerate(frame.dtypes) if is_decimal(dtype)], floats_of)


def dates_as_times(frame: pd.DataFrame) -> pd.DataFrame:
    """The frame with its days as times at midnight; other data is shared."""
    days = [place for place, dtype in enumerate(frame.dtypes) if is_date(dtype)]
    return _changed(frame, days, lambda column: column.astype("datetime64[s]").array)


def floats_of(column: pd.Series) -> np.ndarray[Any, Any]:
    """A column of numbers as float64, decimals as the nearest ones; null is NaN."""
    if is_decimal(column.dtype):
        return nearest_floats(pa.array(column))
    return column.to_numpy(dtype="float64", na_value=np.nan)


def _changed(frame: pd.DataFrame, places: Collection[int], change: Callable[[pd.Series], Any]) -> pd.DataFrame:
    if not places:
        return frame
    result = frame.copy(deep=False)
    for place in places:
        result.isetitem(place, change(frame.iloc[:, place]))
    return result
