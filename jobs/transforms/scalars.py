"""JSON's values as values of a column: exactly what was written, or an error that says that it does not fit."""

import math
from collections.abc import Iterable, Mapping
from datetime import date
from decimal import Decimal, InvalidOperation
from typing import Any, Final

import numpy as np
import pandas as pd
import pyarrow as pa

from jobs.errors import DtypeUnsuitable
from jobs.expressions import growth
from jobs.transforms.arguments import Scalar, shown
from jobs.transforms.meanings import is_date, is_decimal
from jobs.transforms.nulls import nullable_dtype

DTYPES: Final[Mapping[type, str]] = {bool: "bool", int: "int64", float: "float64", str: "str", type(None): "float64"}
"""The dtype of a column that holds one value of JSON in all rows, and would hold it if it had rows."""


def fit(value: Scalar, column: pd.Series, at: str) -> Any:
    """The value as the column can hold it (in its nullable form); raises DtypeUnsuitable that points at `at`."""
    try:
        fitting = _fit(value, nullable_dtype(column.dtype) or column.dtype)
    except (TypeError, ValueError, OverflowError, InvalidOperation, pa.ArrowException):
        fitting = None
    if fitting is None:
        detail = f"{shown(value)} does not fit column {column.name!r} ({column.dtype})"
        raise DtypeUnsuitable(detail, column=str(column.name), dtype=str(column.dtype), pointer=at)
    return fitting


def check_copies(value: Any, copies: int) -> None:
    """Raise OutputTooLarge where a long text, put into so many cells, would make too large a column."""
    if isinstance(value, str):
        growth.check(len(value.encode()) * copies, 0)


def fitting(values: Iterable[Scalar], column: pd.Series) -> list[Any]:
    """Those of the values that the column could hold, as it holds them; 1 and true are one value, as in pandas."""
    found = []
    for value in values:
        try:
            found.append(fit(_alike(value, column.dtype), column, ""))
        except DtypeUnsuitable:
            continue  # what a column cannot hold is nowhere in it
    return found


def _alike(value: Scalar, dtype: Any) -> Scalar:
    if pd.api.types.is_bool_dtype(dtype) and not isinstance(value, str) and value in (0, 1):
        return bool(value)
    return int(value) if isinstance(value, bool) and pd.api.types.is_numeric_dtype(dtype) else value


def _fit(value: Scalar, dtype: Any) -> Any:
    """None where it does not fit."""
    if isinstance(dtype, pd.CategoricalDtype):
        return value if value in dtype.categories and not isinstance(value, bool) else None
    if dtype == np.dtype(object):
        return value
    if isinstance(dtype, pd.StringDtype):
        return value if isinstance(value, str) else None
    if pd.api.types.is_bool_dtype(dtype):
        return value if isinstance(value, bool) else None
    if dtype.kind in "mM" or is_date(dtype):
        return _moment(value, dtype)
    if isinstance(value, bool | str) or value is None:
        return None
    return _number(value, dtype)


def _number(value: float, dtype: Any) -> Any:
    if is_decimal(dtype):
        exact = Decimal(str(value))
        return pa.scalar(exact).cast(dtype.pyarrow_dtype).as_py() if exact.is_finite() else None
    if dtype.kind == "f":
        return float(value)
    if not math.isfinite(value) or int(value) != value:
        return None
    return int(value) if pd.api.types.is_integer_dtype(dtype) and _holds(dtype, int(value)) else None


def _holds(dtype: Any, value: int) -> bool:
    bounds = np.iinfo(getattr(dtype, "numpy_dtype", dtype))
    return bool(bounds.min <= value <= bounds.max)


def _moment(value: Scalar, dtype: Any) -> Any:
    """A date, a time or a duration from its text; times in a zone may be given with another one."""
    if not isinstance(value, str):
        return None
    if dtype.kind == "m":
        span: Any = pd.Timedelta(value)
        return None if span is pd.NaT else span
    if is_date(dtype):
        return date.fromisoformat(value)
    moment: Any = pd.Timestamp(value)
    if moment is pd.NaT:
        return None  # pandas reads '' and 'NaT' as null, which is no time
    zone = getattr(dtype, "tz", None)
    if zone is None:
        return moment if moment.tz is None else None
    return moment.tz_localize(zone) if moment.tz is None else moment.tz_convert(zone)
