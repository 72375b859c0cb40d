"""Named aggregation without pandas' overheads: one grouping, then each function's own compiled kernel.

`DataFrameGroupBy.agg` with three named functions spends most of its time on reconstructing what was asked for; here the
rows are grouped once and each function runs straight on its column's values, with the same answers (tests compare).
"""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any, Final

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc
from pandas.api.types import is_numeric_dtype
from pandas.errors import DataError

from jobs.codecs.blocks import column_array, frame_of
from jobs.errors import ColumnTaken, DtypeUnsuitable, TransformError
from jobs.transforms.arguments import one_column, pointer
from jobs.transforms.delegated import REFUSALS, reason
from jobs.transforms.groups.grouping import Grouping, column_of
from jobs.transforms.groups.named import Aggregation
from jobs.transforms.meanings import floats_of, is_decimal
from jobs.transforms.nulls import nullable_dtype

# kernels that take a NumPy column of numbers as it is, with the min_count that pandas' own methods pass
_DIRECT: Final[Mapping[str, int]] = {"sum": 0, "mean": -1, "min": -1, "max": -1}
# of integers a smallest and a largest may have to become nullable; of floats nothing needs care
_PLAIN: Final[Mapping[str, str]] = {"sum": "iuf", "mean": "iuf"}
_KEEPS_DTYPE: Final = frozenset({"min", "max", "first", "last"})
_TOTALS: Final = frozenset({"sum", "prod"})
_EXACT_ON_DECIMAL: Final = frozenset({"sum", "min", "max", "first", "last", "count", "nunique", "size"})
_PLACES: Final = frozenset({"idxmin", "idxmax"})


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
    grouping = Grouping.of(frame, by, sort=sort, dropna=dropna, observed=observed)
    data: dict[str, Any] = {}
    for level, (key, values) in enumerate(zip(by, grouping.keys, strict=True)):
        if key in data:
            raise ColumnTaken(key, pointer("by", level))
        data[key] = values
    for name, aggregation in named.items():
        if name in data:
            raise ColumnTaken(name, pointer("agg", name))
        data[name] = one(frame, grouping, aggregation, pointer("agg", name, 0))
    return frame_of(list(data), list(data.values()), grouping.count)


def one(frame: pd.DataFrame, grouping: Grouping, aggregation: Aggregation, at: str) -> Any:
    """One value per group, as an array; `at` is the pointer of the aggregation's source."""
    if aggregation.text is None and not aggregation.pair:
        return grouping.sizes()
    function, arguments = aggregation.function, aggregation.arguments
    if aggregation.text is not None and function in _DIRECT and not arguments:
        numbers = _number_column(frame, aggregation.text, _PLAIN.get(function, "f"))
        if numbers is not None:
            return grouping.aggregated(numbers, function, _DIRECT[function])
    if aggregation.pair:
        return of_pair(frame, grouping, aggregation.function, aggregation.pair, at)
    column = aggregation.values(frame, at)
    with naming(function, str(aggregation.text), column.dtype, at):
        return reduced(column, grouping, function, arguments)


def reduced(column: pd.Series, grouping: Grouping, function: str, arguments: Mapping[str, Any]) -> Any:
    """One value per group of that column, as an array; raises what pandas raises of data it does not take."""
    if function == "size":
        return grouping.sizes()
    if not arguments and function in _DIRECT and column.dtype.kind in "iuf" and isinstance(column.dtype, np.dtype):
        result = grouping.aggregated(column.to_numpy(), function, _DIRECT[function])
    else:
        result = _by_method(column, grouping.grouper, function, arguments)
    lost = (function in _KEEPS_DTYPE and result.dtype != column.dtype) or (
        function in _TOTALS and result.dtype.kind == "f"
    )
    wider = nullable_dtype(column.dtype) if lost else None
    if wider is not None:
        # groups without rows (unobserved categories) or with too few made nulls: integers and booleans stay exact
        result = _by_method(column.astype(wider), grouping.grouper, function, arguments)
    return result


@contextmanager
def naming(function: str, name: str, dtype: Any, at: str) -> Iterator[None]:
    """Raise what pandas refuses inside as DtypeUnsuitable that names the column and points at `at`."""
    try:
        yield
    except TransformError:
        raise
    except (*REFUSALS, ZeroDivisionError, LookupError, DataError) as error:
        detail = f"{function} cannot work on column {name!r} ({dtype}): {reason(error)}"
        raise DtypeUnsuitable(detail, column=name, dtype=str(dtype), pointer=at) from error


def _number_column(frame: pd.DataFrame, name: str, kinds: str) -> np.ndarray[Any, Any] | None:
    """The one column of that name, where it is of NumPy's numbers of these kinds, which need no Series; else None."""
    position = frame.columns.get_loc(name) if name in frame.columns else None
    array = column_array(frame, position) if isinstance(position, int) else None
    return array if isinstance(array, np.ndarray) and array.dtype.kind in kinds else None


def _by_method(column: pd.Series, grouper: Any, function: str, arguments: Mapping[str, Any]) -> Any:
    if is_decimal(column.dtype) and function not in _EXACT_ON_DECIMAL:
        # the order of decimals is exact, where their floats may be equal
        exact = function in _PLACES
        column = order_of(column) if exact else pd.Series(floats_of(column), index=column.index, name=column.name)
    grouped = column.groupby(grouper)
    # `function` comes from the table of aggregations, never from the input
    return column_of(getattr(grouped, function)(**arguments))


def order_of(column: pd.Series) -> pd.Series:
    """The place of each decimal among the different values of its column, from 1, null where it is null."""
    values: Any = column.array
    places = pc.rank(pa.array(values), tiebreaker="dense").to_numpy().astype("float64")
    places[values.isna()] = np.nan
    return pd.Series(places, index=column.index)


def of_pair(
    frame: pd.DataFrame, grouping: Grouping, function: str, pair: tuple[str, str], at: str
) -> np.ndarray[Any, Any]:
    """Pearson's correlation or the covariance of two columns per group, over the rows where both have a value."""
    left, right = (_floats(frame, name, f"{at}/{place}" if at else "") for place, name in enumerate(pair))
    ids, groups = grouping.ids, grouping.count
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
    column = one_column(frame, name, at)
    if not is_numeric_dtype(column.dtype):
        detail = f"corr and cov want numbers, and column {name!r} is {column.dtype}; cast it with astype"
        raise DtypeUnsuitable(detail, column=name, dtype=str(column.dtype), pointer=at)
    return floats_of(column)
