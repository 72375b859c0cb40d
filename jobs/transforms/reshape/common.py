"""One column of the values of several: the dtype that holds all of them, or a clear refusal."""

from collections.abc import Sequence
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa

from jobs.errors import DtypeUnsuitable
from jobs.transforms.meanings import is_decimal
from jobs.transforms.nulls import nullable_dtype
from jobs.transforms.reshape.grid import values_of

_DIGITS = 38


def one_dtype(columns: Sequence[pd.Series], at: str) -> list[pd.Series]:
    """The columns in the one dtype that pandas would give all their values: text stays text, int64 and float64 float64.

    Categories of different sets become what they are categories of; decimals get the digits that hold all. What pandas
    would make a column of mixed objects raises DtypeUnsuitable at `at`, naming two columns that do not go together.
    """
    columns = [_of_categories(column) for column in columns] if _differ(columns) else list(columns)
    known = [column for column in columns if not _is_nothing(column)]
    if not known:
        return columns
    target = _common([column.dtype for column in known])
    if target is None:
        raise _apart(known, at)
    if len(known) < len(columns):
        target = nullable_dtype(target) or target
    return [column if column.dtype == target else _cast(column, target) for column in columns]


def one_column(columns: Sequence[pd.Series], at: str) -> Any:
    """The values of all columns, one column after another, in their one dtype; see `one_dtype`."""
    if not columns:
        return np.empty(0, object)
    return values_of(pd.concat(one_dtype(columns, at), ignore_index=True))


def _cast(column: pd.Series, target: Any) -> pd.Series:
    if _is_nothing(column):
        return pd.Series([None], dtype=object).astype(target).repeat(len(column))
    if isinstance(target, pd.ArrowDtype):
        values = pa.array(column, from_pandas=True).cast(target.pyarrow_dtype)
        return pd.Series(pd.array(values, dtype=target))
    return column.astype(target)


def _differ(columns: Sequence[pd.Series]) -> bool:
    return any(column.dtype != columns[0].dtype for column in columns)


def _of_categories(column: pd.Series) -> pd.Series:
    dtype = column.dtype
    if not isinstance(dtype, pd.CategoricalDtype):
        return column
    plain = dtype.categories.dtype
    return column.astype(nullable_dtype(plain) or plain)


def _is_nothing(column: pd.Series) -> bool:
    """Whether this is a column of nulls only, which goes with every other."""
    return column.dtype == np.dtype(object) and bool(column.isna().all())


def _common(dtypes: Sequence[Any]) -> Any:
    """The dtype that holds all of them, or None."""
    distinct = list(dict.fromkeys(dtypes))
    if len(distinct) == 1:
        return distinct[0]
    if all(is_decimal(dtype) for dtype in distinct):
        return _decimal([dtype.pyarrow_dtype for dtype in distinct])
    if any(isinstance(dtype, pd.ArrowDtype) for dtype in distinct):
        return None
    found = pd.concat([pd.Series([], dtype=dtype) for dtype in distinct]).dtype
    if str(found) in ("Float64", "Float32"):
        return np.dtype("float64")
    return None if found == np.dtype(object) else found


def _decimal(types: Sequence[Any]) -> pd.ArrowDtype | None:
    scale = max(type_.scale for type_ in types)
    digits = max(type_.precision - type_.scale for type_ in types) + scale
    if digits > 2 * _DIGITS:
        return None
    return pd.ArrowDtype(pa.decimal128(digits, scale) if digits <= _DIGITS else pa.decimal256(digits, scale))


def _apart(columns: Sequence[pd.Series], at: str) -> DtypeUnsuitable:
    first = columns[0]
    other = next((one for one in columns if _common([first.dtype, one.dtype]) is None), columns[-1])
    return DtypeUnsuitable(
        f"no dtype holds the values of both {first.name!r} ({first.dtype}) and {other.name!r} ({other.dtype}); "
        "cast them to one with astype, or leave one of them out",
        column=str(other.name),
        dtype=str(other.dtype),
        pointer=at,
    )
