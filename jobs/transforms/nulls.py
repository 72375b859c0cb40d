"""Integers and booleans that gain nulls become nullable, never float: a float64 would lose integers beyond 2^53."""

from collections.abc import Collection, Mapping, Sequence
from typing import Any, Final

import numpy as np
import pandas as pd

# NumPy's name → the nullable dtype that holds the same values and null
NULLABLE: Final[Mapping[str, Any]] = {
    "bool": pd.BooleanDtype(),
    "int8": pd.Int8Dtype(),
    "int16": pd.Int16Dtype(),
    "int32": pd.Int32Dtype(),
    "int64": pd.Int64Dtype(),
    "uint8": pd.UInt8Dtype(),
    "uint16": pd.UInt16Dtype(),
    "uint32": pd.UInt32Dtype(),
    "uint64": pd.UInt64Dtype(),
}


def nullable_dtype(dtype: object) -> Any:
    """The nullable counterpart of a NumPy integer or boolean dtype, or None for any other dtype."""
    return NULLABLE.get(dtype.name) if isinstance(dtype, np.dtype) else None


def nullable(frame: pd.DataFrame, positions: Collection[int] | None = None) -> pd.DataFrame:
    """The frame with its integer and boolean columns (at these positions, or all) nullable; other data is shared."""
    changes = {
        position: dtype
        for position, column in enumerate(frame.dtypes)
        if (positions is None or position in positions) and (dtype := nullable_dtype(column)) is not None
    }
    if not changes:
        return frame
    result = frame.copy(deep=False)
    for position, dtype in changes.items():
        result.isetitem(position, frame.iloc[:, position].astype(dtype).array)
    return result


def settled(result: pd.DataFrame, dtypes: Sequence[Any]) -> pd.DataFrame:
    """A fresh result with columns back at their NumPy dtypes, `dtypes` by position, where no null came in."""
    for position, wanted in enumerate(dtypes):
        dtype = nullable_dtype(wanted)
        if dtype is not None and result.dtypes.iloc[position] == dtype and not result.iloc[:, position].hasnans:
            result.isetitem(position, result.iloc[:, position].to_numpy(dtype=wanted))
    return result
