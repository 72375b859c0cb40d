"""Named aggregation without pandas' overheads: one grouping, then each function's own compiled kernel.

`DataFrameGroupBy.agg` with three named functions spends most of its time on reconstructing what was asked for; here the
rows are grouped once and each function runs straight on its column's values, with the same answers (tests compare).
"""

from collections.abc import Mapping, Sequence
from typing import Any, Final

import numpy as np
import pandas as pd
import pyarrow as pa

from jobs.errors import ColumnTaken
from jobs.transforms.arguments import one_column, pointer
from jobs.transforms.named import Aggregation
from jobs.transforms.nulls import nullable_dtype

# kernels that take a NumPy column of numbers as it is, with the min_count that pandas' own methods pass
_DIRECT: Final[Mapping[str, int]] = {"sum": 0, "mean": -1, "min": -1, "max": -1}
_KEEPS_DTYPE: Final = frozenset({"min", "max", "first", "last"})
_EXACT_ON_DECIMAL: Final = frozenset(
    {"sum", "min", "max", "first", "last", "count", "nunique", "size", "idxmin", "idxmax"}
)


def aggregate(
    frame: pd.DataFrame,
    by: Sequence[str],
    named: Mapping[str, Aggregation],
    *,
    sort: bool = True,
    dropna: bool = True,
    observed: bool = True,
) -> pd.DataFrame:
    """One row per group: the keys, then a column per named aggregation.

    Raises ColumnUnknown (`/by/0`, `/agg/total/0`), ColumnAmbiguous, and ColumnTaken where a new name is also a key's.
    """
    grouped = frame.groupby(list(by), sort=sort, dropna=dropna, observed=observed)
    # the grouping itself: it holds the codes of the groups once for all kernels, and has no public name in pandas 3
    grouper = grouped._grouper  # noqa: SLF001  # the one door to the compiled kernels
    index = grouper.result_index
    data: dict[str, Any] = {}
    for level, key in enumerate(by):
        if key in data:
            raise ColumnTaken(key, pointer("by", level))
        data[key] = _column(index.get_level_values(level))
    for name, aggregation in named.items():
        if name in data:
            raise ColumnTaken(name, pointer("agg", name))
        data[name] = _one(frame, grouper, aggregation, name)
    return pd.DataFrame(data, copy=False)


def _one(frame: pd.DataFrame, grouper: Any, aggregation: Aggregation, name: str) -> Any:
    at = pointer("agg", name, 0)
    if aggregation.pair:
        return _of_pair(frame, grouper, aggregation.function, aggregation.pair, at)
    if aggregation.text is None:
        return grouper.size().to_numpy()
    column = aggregation.values(frame, at)
    function, arguments = aggregation.function, aggregation.arguments
    if function == "size":
        return grouper.size().to_numpy()
    if not arguments and function in _DIRECT and column.dtype.kind in "iuf" and isinstance(column.dtype, np.dtype):
        result = grouper._cython_operation(column.to_numpy(), function, 0, _DIRECT[function])  # noqa: SLF001 - as above
    else:
        result = _by_method(column, grouper, function, arguments)
    wider = nullable_dtype(column.dtype) if function in _KEEPS_DTYPE and result.dtype != column.dtype else None
    if wider is not None:
        # groups without rows (unobserved categories) made nulls: integers and booleans stay what they are
        result = _by_method(column.astype(wider), grouper, function, arguments)
    return result


def _by_method(column: pd.Series, grouper: Any, function: str, arguments: Mapping[str, Any]) -> Any:
    if function not in _EXACT_ON_DECIMAL and is_decimal(column):
        column = column.astype("float64")
    grouped = column.groupby(grouper)
    # `function` comes from the table of aggregations, never from the input
    return _column(getattr(grouped, function)(**arguments))


def _column(values: pd.Series | pd.Index) -> Any:
    """The values for the constructor of a frame, which keeps their dtype (of bare objects it would guess one)."""
    if values.dtype == object:
        return pd.Series(values.to_numpy(), dtype=object)
    return values.to_numpy() if isinstance(values.dtype, np.dtype) else values.array


def is_decimal(column: pd.Series) -> bool:
    """Whether this is an Arrow decimal column."""
    return isinstance(column.dtype, pd.ArrowDtype) and pa.types.is_decimal(column.dtype.pyarrow_dtype)


def _of_pair(frame: pd.DataFrame, grouper: Any, function: str, pair: tuple[str, str], at: str) -> np.ndarray[Any, Any]:
    """Pearson's correlation or the covariance of two columns per group, over the rows where both have a value."""
    left, right = (_floats(frame, name, f"{at}/{place}") for place, name in enumerate(pair))
    ids, groups = grouper.ids, grouper.ngroups
    both = (ids >= 0) & ~np.isnan(left) & ~np.isnan(right)
    ids, left, right = ids[both], left[both], right[both]
    with np.errstate(divide="ignore", invalid="ignore"):
        count = np.bincount(ids, minlength=groups)
        # centred first: sums of squares of large values would cancel
        left = left - (np.bincount(ids, left, groups) / count)[ids]
        right = right - (np.bincount(ids, right, groups) / count)[ids]
        product = np.bincount(ids, left * right, groups)
        if function == "cov":
            covariance: np.ndarray[Any, Any] = np.where(count > 1, product / (count - 1), np.nan)
            return covariance
        spread = np.sqrt(np.bincount(ids, left * left, groups) * np.bincount(ids, right * right, groups))
        return np.clip(np.where(count > 1, product / spread, np.nan), -1.0, 1.0)


def _floats(frame: pd.DataFrame, name: str, at: str) -> np.ndarray[Any, Any]:
    return one_column(frame, name, at).to_numpy(dtype="float64", na_value=np.nan)
