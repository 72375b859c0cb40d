"""What flows through an expression: scalars, NumPy arrays, Series in one normal form per meaning, and conditions.

Plain numbers are NumPy arrays, numbers with a null mask are pandas' masked Series, text is pandas' `str`, moments are
`datetime64`, spans `timedelta64`, decimals stay Arrow decimals, conditions are `Logical`. What a column means decides,
not how it was stored, so everything is brought into its normal form when it is read.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa

from jobs.codecs.decimals import nearest_floats

Value = Any
TEXT = pd.StringDtype("pyarrow", na_value=np.nan)
NUMBERS = frozenset({"bool", "int", "float"})


class Clash(Exception):
    """Two values, or a value and an operation, that do not go together; the message says what would."""


@dataclass(frozen=True, slots=True)
class Logical:
    """A condition in three values: `truth` is False wherever `null` is True; `null` is None where nothing is null.

    `nullable` says whether the column of it is pandas' `boolean` (an operand was nullable) or plain `bool`.
    """

    truth: Any
    null: Any = None
    nullable: bool = False


class WrittenFloat(float):
    """A float literal that remembers the decimal its text says, so that comparison with decimals is exact."""

    decimal: Decimal

    def __new__(cls, value: float, decimal: Decimal) -> "WrittenFloat":
        """The float `value`, written as `decimal`."""
        self = super().__new__(cls, value)
        self.decimal = decimal
        return self


def logical(truth: Any, null: Any = None, nullable: bool = False) -> Logical:
    """A Logical with its rule enforced: nothing is true where it is null, and no null array without nulls."""
    if null is not None and (null is True or (null is not False and null.any())):
        return Logical(truth & ~null if null is not True else np.False_, null, nullable)
    return Logical(truth, None, nullable)


def arrow_text(value: Value) -> Any:
    """A text value (Series or scalar) as Arrow `large_string`."""
    return pa.scalar(value, pa.large_string()) if isinstance(value, str) else value.array.__arrow_array__()


def family(value: Value) -> str:
    """What a value means: bool, int, float, decimal, text, moment, span, offset, null, list, ordered, period, other."""
    known = _BY_TYPE.get(type(value))
    if known is not None:
        return known
    if isinstance(value, np.ndarray):
        return "float" if value.dtype.kind == "f" else "int"
    return _dtype_family(value.dtype) if isinstance(value, pd.Series) else _scalar_family(value)


def _dtype_family(dtype: Any) -> str:
    known = _BY_DTYPE.get(type(dtype))
    if known is not None:
        return known
    if isinstance(dtype, pd.ArrowDtype):
        kind = dtype.pyarrow_dtype
        is_list = pa.types.is_list(kind) or pa.types.is_large_list(kind)
        return "decimal" if pa.types.is_decimal(kind) else "lists" if is_list else "other"
    return {"b": "bool", "i": "int", "u": "int", "f": "float", "M": "moment", "m": "span"}.get(dtype.kind, "other")


_BY_TYPE: Mapping[type, str] = {
    Logical: "bool",
    bool: "bool",
    int: "int",
    float: "float",
    WrittenFloat: "float",
    str: "text",
    type(None): "null",
}
_BY_DTYPE: Mapping[type, str] = {
    pd.StringDtype: "text",
    pd.CategoricalDtype: "ordered",
    pd.PeriodDtype: "period",
    pd.IntervalDtype: "other",
    pd.SparseDtype: "other",
}
_SCALARS: tuple[tuple[Any, str], ...] = (
    ((bool, np.bool_), "bool"),
    ((int, np.integer), "int"),
    ((float, np.floating), "float"),
    (str, "text"),
    (Decimal, "decimal"),
    ((pd.Timestamp, datetime, date, np.datetime64), "moment"),
    ((pd.Timedelta, timedelta, np.timedelta64), "span"),
    (pd.DateOffset, "offset"),
    (pd.Period, "period"),
    (tuple, "list"),
)


def _scalar_family(value: Value) -> str:
    if value is None or value is pd.NA or value is pd.NaT:
        return "null"
    for types, name in _SCALARS:
        if isinstance(value, types):
            return name
    return "other"


_SPELT = {
    "bool": "a condition",
    "int": "an integer",
    "float": "a number",
    "decimal": "a decimal",
    "text": "text",
    "moment": "a date or time",
    "span": "a duration",
    "offset": "an offset",
    "null": "null",
    "list": "a list",
    "lists": "a column of lists",
    "period": "a period",
    "ordered": "an ordered category",
    "other": "a value of another kind",
}


def spelt(value: Value) -> str:
    """What a value is, in words for a message."""
    return _SPELT[family(value)]


def numbers(value: Value) -> tuple[Any, Any, bool]:
    """A number as (NumPy data or scalar, null array or None, whether it is masked)."""
    if isinstance(value, pd.Series):
        if isinstance(value.dtype, pd.ArrowDtype):
            return nearest_floats(value.array.__arrow_array__()), None, False  # type: ignore[attr-defined]  # an Arrow array, which the stubs do not know
        null = value.isna().to_numpy()
        plain = value.to_numpy(dtype=value.dtype.numpy_dtype, na_value=1)  # type: ignore[union-attr]  # a nullable dtype has it
        return plain, (null if null.any() else None), True
    if isinstance(value, Logical):
        return np.asarray(value.truth).astype(np.int64), value.null, value.nullable
    if isinstance(value, Decimal):
        return float(value), None, False
    return (int(value) if isinstance(value, (bool, np.bool_)) else value), None, False


def nulls(value: Value) -> Any:
    """Where a value is null, as a boolean array (or one boolean for a scalar)."""
    if isinstance(value, Logical):
        return np.zeros(np.shape(value.truth), dtype=bool) if value.null is None else value.null
    if isinstance(value, np.ndarray):
        return np.isnan(value) if value.dtype.kind == "f" else np.zeros(len(value), dtype=bool)
    if isinstance(value, pd.Series):
        return np.asarray(value.array.isna())
    return bool(pd.isna(value)) if not isinstance(value, tuple) else False


def is_scalar(value: Value) -> bool:
    """Whether a value is one for the whole frame."""
    if isinstance(value, Logical):
        return np.ndim(value.truth) == 0
    return not isinstance(value, (np.ndarray, pd.Series))


def to_series(value: Value, index: pd.Index) -> pd.Series:
    """A value as a Series over `index`, scalars repeated."""
    if isinstance(value, pd.Series):
        return value
    if isinstance(value, Logical):
        truth = np.broadcast_to(value.truth, len(index)) if np.ndim(value.truth) == 0 else value.truth
        if not value.nullable:
            return pd.Series(truth, index=index)
        null = np.broadcast_to(False if value.null is None else value.null, len(index))
        return pd.Series(pd.arrays.BooleanArray(np.array(truth), np.array(null)), index=index)
    if isinstance(value, np.ndarray):
        return pd.Series(value, index=index, copy=False)
    return _repeated(value, index)


def _repeated(value: Value, index: pd.Index) -> pd.Series:
    meaning = family(value)
    if meaning == "text":
        return pd.Series(value, index=index, dtype=TEXT)
    if meaning == "decimal":
        return pd.Series([value] * len(index), index=index, dtype=pd.ArrowDtype(pa.scalar(value).type))
    if meaning == "offset":
        raise Clash("an offset is no value of a column; add it to a date")
    if meaning == "float":
        value = float(value)
    return pd.Series(np.nan if value is None else value, index=index)


def either(one: Any, two: Any) -> Any:
    """Where one or the other of two null arrays is null; None is no null."""
    if one is None or two is None:
        return two if one is None else one
    return one | two
