"""The cells of a table: which value stands where, and the columns that they make."""

from collections.abc import Sequence
from typing import Any, Final

import numpy as np
import pandas as pd

from jobs.codecs.blocks import frame_of
from jobs.errors import DtypeUnsuitable, OutputTooLarge
from jobs.transforms.arguments import Scalar, shown
from jobs.transforms.base import Surroundings
from jobs.transforms.delegated import REFUSALS
from jobs.transforms.nulls import nullable_dtype
from jobs.transforms.reshape.axis import Axis, take
from jobs.transforms.reshape.combinations import Ids
from jobs.transforms.reshape.labels import check_names

_CELLS_PER_ROW: Final = 10
_FLOATS: Final = ("Float64", "Float32")


def check_cells(rows: int, columns: int, around: Surroundings, at: str) -> None:
    """Raise OutputTooLarge where a table would be too large, before it is made.

    Beside the limits on rows and columns, it may have ten cells for each row that `limits.rows` allows.
    """
    if rows > around.max_rows:
        raise OutputTooLarge("rows", rows, around.max_rows, "limits.rows", at)
    if columns > around.max_columns:
        raise OutputTooLarge("columns", columns, around.max_columns, "limits.columns", at)
    most = _CELLS_PER_ROW * around.max_rows
    if rows * columns > most:
        raise OutputTooLarge("cells", rows * columns, most, "limits.rows", at)


def places(rows: Axis, columns: Axis) -> Ids:
    """The position of each cell's value, rows × columns; -1 where there is none, the last one where there are more."""
    grid = np.full((rows.count, columns.count), -1, np.int64)
    there = (rows.ids >= 0) & (columns.ids >= 0)
    grid[rows.ids[there], columns.ids[there]] = np.flatnonzero(there)
    return grid


def values_of(column: pd.Series) -> Any:
    """A column's values as `frame_of` takes them; nullable floats as float64, since NaN and null are one thing."""
    if str(column.dtype) in _FLOATS:
        return column.to_numpy(dtype="float64", na_value=np.nan)
    return column.to_numpy() if isinstance(column.dtype, np.dtype) else column.array


def cells(values: Any, at: Ids) -> Any:
    """The values at these positions, null at -1: integers and booleans become nullable there."""
    wider = nullable_dtype(values.dtype) if (at < 0).any() else None
    return take(values if wider is None else pd.array(values, dtype=wider), at)


def filled(values: Any, holes: Ids, fill_value: Scalar, at: str) -> Any:
    """The values with `fill_value` in the holes; raises DtypeUnsuitable that points at `at`."""
    if fill_value is None or not holes.any():
        return values
    whole = nullable_dtype(values.dtype) is not None or str(values.dtype).lower().startswith(("int", "uint"))
    if whole and isinstance(fill_value, float) and not fill_value.is_integer():
        values = pd.Series(values).to_numpy(dtype="float64", na_value=np.nan)
    column = pd.Series(values, copy=True)
    try:
        column[holes] = fill_value
    except REFUSALS as error:
        detail = f"a cell of dtype {column.dtype} cannot be {shown(fill_value)}; cast the values with astype"
        raise DtypeUnsuitable(detail, dtype=str(column.dtype), pointer=at) from error
    return values_of(settle(column))


def settle(column: pd.Series) -> pd.Series:
    """A nullable column of integers or booleans without nulls, as NumPy's; any other as it is."""
    masked = isinstance(column.array, (pd.arrays.IntegerArray, pd.arrays.BooleanArray))
    if not masked or column.hasnans:
        return column
    dtype: Any = column.dtype
    return column.astype(dtype.numpy_dtype)


def table(keys: Axis, names: Sequence[str], columns: Sequence[Any], at: str) -> pd.DataFrame:
    """The keys and then these columns; raises ColumnTaken that points at `at`."""
    check_names([*keys.names, *names], at)
    return frame_of([*keys.names, *names], [*map(_plain, keys.keys), *columns], keys.count)


def _plain(values: Any) -> Any:
    return values_of(pd.Series(values, copy=False))
