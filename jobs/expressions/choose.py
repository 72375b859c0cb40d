"""Choosing between two values row by row, and the common form that two values need for it."""

from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from jobs.expressions.moments import align, parse_moment, parse_span
from jobs.expressions.normal import text_series
from jobs.expressions.values import (
    NUMBERS,
    Clash,
    Logical,
    Value,
    WrittenFloat,
    arrow_text,
    family,
    is_scalar,
    logical,
    nulls,
    numbers,
    to_series,
)


def choose(condition: Logical, yes: Value, no: Value, index: pd.Index) -> Value:
    """`yes` where the condition is true, else `no` (also for null); raises Clash where they are of two kinds."""
    kinds = {family(yes), family(no)} - {"null"}
    if condition.truth.ndim == 0 and is_scalar(yes) and is_scalar(no):
        return yes if condition.truth else no
    truth = np.broadcast_to(condition.truth, len(index))
    if kinds <= {"bool"}:
        return _choose_logical(truth, yes, no)
    if kinds <= NUMBERS:
        return _choose_numbers(truth, yes, no, index)
    if kinds == {"text"}:
        return _choose_text(truth, yes, no, index)
    if kinds <= NUMBERS | {"decimal"}:
        return _choose_decimals(truth, yes, no, index)
    return _choose_series(truth, yes, no, index)


def _choose_logical(truth: Any, yes: Value, no: Value) -> Value:
    one, two = _as_logical(yes), _as_logical(no)
    null = np.where(truth, nulls(one), nulls(two))
    masked = one.nullable or two.nullable or "null" in (family(yes), family(no))
    return logical(np.where(truth, one.truth, two.truth), null, masked)


def _as_logical(value: Value) -> Logical:
    if isinstance(value, Logical):
        return value
    return Logical(np.False_, np.True_, nullable=True) if family(value) == "null" else Logical(np.bool_(value))


def _choose_numbers(truth: Any, yes: Value, no: Value, index: pd.Index) -> Value:
    (one, one_null, one_masked), (two, two_null, two_masked) = _filled(yes, no), _filled(no, yes)
    data = np.where(truth, one, two)
    if not (one_masked or two_masked):
        return data
    mask = np.where(truth, False if one_null is None else one_null, False if two_null is None else two_null)
    array = pd.arrays.FloatingArray if data.dtype.kind == "f" else pd.arrays.IntegerArray
    return pd.Series(array(data, mask), index=index)


def _filled(value: Value, other: Value) -> tuple[Any, Any, bool]:
    """A number's parts; a null scalar beside integers makes them nullable, beside floats it is NaN."""
    if family(value) != "null":
        return numbers(value)
    if family(other) == "float":
        return np.nan, None, False
    return np.int8(1), np.True_, True


def _choose_text(truth: Any, yes: Value, no: Value, index: pd.Index) -> Value:
    one, two = _text_or_null(yes), _text_or_null(no)
    return text_series(pc.if_else(pa.array(truth), one, two), index)


def _text_or_null(value: Value) -> Any:
    return pa.scalar(None, pa.large_string()) if family(value) == "null" else arrow_text(value)


def _choose_decimals(truth: Any, yes: Value, no: Value, index: pd.Index) -> Value:
    kinds = {family(yes), family(no)}
    if "float" in kinds and not any(isinstance(value, WrittenFloat) for value in (yes, no)):
        return np.where(truth, numbers(yes)[0], numbers(no)[0])
    one, two = (_decimal_arrow(value) for value in (yes, no))
    try:
        chosen = pc.if_else(pa.array(truth), one, two)
    except (pa.ArrowInvalid, pa.ArrowNotImplementedError):
        return np.where(truth, numbers(yes)[0], numbers(no)[0])
    return pd.Series(
        pd.arrays.ArrowExtensionArray(pa.chunked_array([chosen]) if isinstance(chosen, pa.Array) else chosen),
        index=index,
    )


def _decimal_arrow(value: Value) -> Any:
    if isinstance(value, WrittenFloat):
        return pa.scalar(value.decimal)
    if family(value) == "decimal":
        return pa.scalar(value) if is_scalar(value) else value.array.__arrow_array__()
    data, null, _ = numbers(value) if family(value) != "null" else (None, None, False)
    if data is None:
        return pa.scalar(None)
    if np.ndim(data) == 0:
        return pa.scalar(int(data)).cast(pa.decimal128(20, 0))
    return pa.array(data, mask=null).cast(pa.decimal128(20, 0))


def _choose_series(truth: Any, yes: Value, no: Value, index: pd.Index) -> Value:
    kinds = (family(yes), family(no))
    for time, parse in (("moment", parse_moment), ("span", parse_span)):
        if time in kinds:
            yes, no = (parse(side) if isinstance(side, str) else side for side in (yes, no))
    kinds = (family(yes), family(no))
    if "null" not in kinds and kinds[0] != kinds[1]:
        raise Clash(f"the two branches are of two kinds, {kinds[0]} and {kinds[1]}; cast one of them")
    if kinds == ("moment", "moment"):
        yes, no = align(yes, no)
    if is_scalar(yes) and is_scalar(no):
        yes = _typed(yes, no, index)
    if is_scalar(yes):
        return to_series(no, index).where(~truth, yes)
    return yes.where(truth, _fill(no))


def _typed(value: Value, other: Value, index: pd.Index) -> pd.Series:
    series = to_series(other if family(value) == "null" else value, index)
    return series.where(np.zeros(len(index), dtype=bool)) if family(value) == "null" else series


def _fill(value: Value) -> Any:
    return pd.NaT if value is None else value
