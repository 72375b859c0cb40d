"""What Arrow's columns mean to pandas' calls that know NumPy's and its own dtypes alone."""

from collections.abc import Mapping
from typing import Any

import pandas as pd
import pyarrow as pa


def is_decimal(dtype: Any) -> bool:
    """Whether this is Arrow's dtype of exact decimals."""
    return isinstance(dtype, pd.ArrowDtype) and bool(pa.types.is_decimal(dtype.pyarrow_dtype))


def is_date(dtype: Any) -> bool:
    """Whether this is one of Arrow's dtypes of days."""
    return isinstance(dtype, pd.ArrowDtype) and bool(pa.types.is_date(dtype.pyarrow_dtype))


def decimals_as_floats(frame: pd.DataFrame) -> pd.DataFrame:
    """The frame with its decimals as float64; other data is shared."""
    return _changed(frame, {place: "float64" for place, dtype in enumerate(frame.dtypes) if is_decimal(dtype)})


def dates_as_times(frame: pd.DataFrame) -> pd.DataFrame:
    """The frame with its days as times at midnight; other data is shared."""
    return _changed(frame, {place: "datetime64[s]" for place, dtype in enumerate(frame.dtypes) if is_date(dtype)})


def _changed(frame: pd.DataFrame, dtypes: Mapping[int, Any]) -> pd.DataFrame:
    if not dtypes:
        return frame
    result = frame.copy(deep=False)
    for place, dtype in dtypes.items():
        result.isetitem(place, frame.iloc[:, place].astype(dtype).array)
    return result
