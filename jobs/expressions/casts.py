"""Casts between kinds of values; `astype` by pandas' dtype names, and int(), float(), str(), bool()."""

from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa

from jobs.expressions.normal import load, text_array
from jobs.expressions.values import (
    NUMBERS,
    TEXT,
    Clash,
    Logical,
    Value,
    family,
    is_scalar,
    logical,
    numbers,
    spelt,
    to_series,
)

_MASKED = {"int": "Int64", "int64": "Int64", "int32": "Int32", "int16": "Int16", "int8": "Int8",
           "uint64": "UInt64", "uint32": "UInt32", "uint16": "UInt16", "uint8": "UInt8"}  # fmt: skip
_FLOATS = {"float": "float64", "float64": "float64", "float32": "float32", "Float64": "Float64", "Float32": "Float32"}
_TEXTS = frozenset({"str", "string"})
_BOOLS = frozenset({"bool", "boolean"})
_UNITS = ("s", "ms", "us", "ns")
_MOMENTS = {f"datetime64[{unit}]": unit for unit in _UNITS} | {"datetime64": "us"}
_SPANS = {f"timedelta64[{unit}]": unit for unit in _UNITS} | {"timedelta64": "us"}
DTYPES = (*_MASKED, *_MASKED.values(), *_FLOATS, *sorted(_TEXTS), *sorted(_BOOLS), *_MOMENTS, *_SPANS, "category")


def cast(index: pd.Index, target: Value, dtype: str) -> Value:
    """`target` as `dtype`, one of DTYPES; integers with nulls are nullable. Raises Clash where a value does not fit."""
    try:
        if dtype in _MASKED or dtype in _MASKED.values():
            return _integers(index, target, dtype)
        if dtype in _FLOATS:
            return _floats(index, target, _FLOATS[dtype])
        if dtype in _TEXTS:
            return to_text(index, target)
        if dtype in _BOOLS:
            return to_boolean(index, target)
        if dtype == "category":
            return to_series(target, index).astype("category")
        kind, unit = ("datetime64", _MOMENTS[dtype]) if dtype in _MOMENTS else ("timedelta64", _SPANS[dtype])
        return _times(index, target, kind, unit)
    except (ValueError, TypeError, OverflowError, pa.ArrowInvalid) as error:
        raise Clash(f"a value cannot be cast to {dtype}: {str(error)[:200]}") from None


def to_integer(index: pd.Index, x: Value) -> Value:
    """`x` as int64, or Int64 where it has nulls."""
    return cast(index, x, "int64")


def to_float(index: pd.Index, x: Value) -> Value:
    """`x` as float64; nulls become NaN."""
    return cast(index, x, "float64")


def _integers(index: pd.Index, target: Value, dtype: str) -> Value:
    if family(target) == "null":
        return None
    if is_scalar(target):
        return int(_parsed(target) if isinstance(target, str) else numbers(target)[0])
    data, null = _numeric(index, target)
    if data.dtype.kind == "f":
        missing = np.isnan(data)
        null = missing if null is None else null | missing
        data = np.trunc(np.where(null, 0, data))
    masked = dtype in _MASKED.values() or (null is not None and bool(null.any()))
    plain = dtype.lower() if dtype != "int" else "int64"
    limits = np.iinfo(plain)
    if len(data) and data.dtype != plain and not (limits.min <= data.min() and data.max() <= limits.max):
        raise Clash(f"a value does not fit {dtype}")
    result = data.astype(plain)
    if not masked:
        return result
    mask = np.zeros(len(result), dtype=bool) if null is None else null.copy()
    return pd.Series(pd.arrays.IntegerArray(result, mask), index=index)


def _floats(index: pd.Index, target: Value, dtype: str) -> Value:
    if family(target) == "null":
        return None
    if is_scalar(target):
        return float(_parsed(target) if isinstance(target, str) else numbers(target)[0])
    data, null = _numeric(index, target)
    if dtype[0] == "F":
        mask = np.zeros(len(data), dtype=bool) if null is None else null.copy()
        return pd.Series(pd.arrays.FloatingArray(data.astype(dtype.lower()), mask), index=index)
    data = data.astype(dtype)
    return data if null is None else np.where(null, data.dtype.type(np.nan), data)


def _parsed(text: str) -> Any:
    return pd.to_numeric(text.strip())


def _numeric(index: pd.Index, target: Value) -> tuple[Any, Any]:
    """Any kind as numbers with a null array; text is parsed, moments and spans are counted in their unit."""
    kind = family(target)
    if kind in NUMBERS | {"decimal"}:
        data, null, _ = numbers(target)
        return data, null
    if kind == "text":
        return numbers(load(pd.to_numeric(target.astype(object).where(target.notna(), None).astype("str"))))[:2]
    if kind in {"moment", "span"}:
        series = to_series(target, index)
        return series.astype("int64").to_numpy() if not series.hasnans else _counted(series), series.isna().to_numpy()
    raise Clash(f"{spelt(target)} cannot be cast to a number")


def _counted(series: pd.Series) -> Any:
    first = series.dropna().iloc[:1]
    filled = series.fillna(first.iloc[0]) if len(first) else pd.Series(np.zeros(len(series), dtype="int64"))
    return filled.astype("int64").to_numpy()


def to_text(index: pd.Index, x: Value) -> Value:
    """`x` as text; nulls stay null."""
    if family(x) in {"text", "null"}:
        return x
    if is_scalar(x):
        return str(bool(x.truth) if isinstance(x, Logical) else x)
    series = to_series(x, index)
    if family(x) == "decimal":
        return pd.Series(text_array(series.array.__arrow_array__().cast(pa.large_string())), index=index)
    return series.astype(TEXT)


def to_boolean(index: pd.Index, x: Value) -> Value:  # noqa: ARG001  every entry gets the index
    """`x` as a condition: numbers by being not 0, text by being 'true' or 'false'; nulls stay null."""
    if isinstance(x, (Logical, bool, np.bool_)) or family(x) == "null":
        return x
    if family(x) in NUMBERS | {"decimal"}:
        data, null, masked = numbers(x)
        if np.ndim(data) == 0:
            return bool(data)
        missing = np.isnan(data) if data.dtype.kind == "f" else None
        null = missing if null is None else null
        return logical(data != 0, null, masked)
    if family(x) == "text":
        return _from_words(x)
    raise Clash(f"{spelt(x)} cannot be cast to a condition")


def _from_words(x: Value) -> Value:
    if isinstance(x, str):
        x = pd.Series([x], dtype=TEXT)
    lowered = x.str.lower()
    true, false = (lowered == "true").to_numpy(dtype=bool), (lowered == "false").to_numpy(dtype=bool)
    null = x.isna().to_numpy()
    if not (true | false | null).all():
        raise Clash("text is cast to a condition from 'true' and 'false' alone; compare it instead")
    return logical(true, null, nullable=bool(null.any()))


def _times(index: pd.Index, target: Value, kind: str, unit: str) -> Value:
    convert: Any = pd.to_datetime if kind == "datetime64" else pd.to_timedelta
    wanted = "moment" if kind == "datetime64" else "span"
    if family(target) not in {"text", "int", wanted}:
        raise Clash(f"{spelt(target)} cannot be cast to {kind}")
    series: Any = to_series(target, index)
    if family(target) == wanted:
        return series.dt.as_unit(unit)
    if family(target) == "int":
        return convert(series.astype("Int64"), unit=unit).dt.as_unit(unit)
    return (convert(series, format="ISO8601") if wanted == "moment" else convert(series)).dt.as_unit(unit)
