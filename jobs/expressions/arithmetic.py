"""Arithmetic between values in normal form: numbers as pandas, text by +, dates and durations."""

import operator
from collections.abc import Callable
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from jobs.expressions import growth
from jobs.expressions.moments import align, offset_text, parse_moment, parse_span
from jobs.expressions.normal import text_series
from jobs.expressions.values import (
    NUMBERS,
    Clash,
    Logical,
    Value,
    arrow_text,
    either,
    family,
    is_scalar,
    numbers,
    spelt,
)

ARITHMETIC: dict[str, Callable[[Any, Any], Any]] = {
    "+": operator.add,
    "-": operator.sub,
    "*": operator.mul,
    "/": operator.truediv,
    "//": operator.floordiv,
    "%": operator.mod,
    "**": operator.pow,
}


def arithmetic(sign: str, left: Value, right: Value, index: pd.Index) -> Value:
    """`left sign right` over numbers, text (+) and times; raises Clash where the two do not go together."""
    if isinstance(left, np.ndarray) and sign in "+-*/" and (isinstance(right, np.ndarray) or type(right) is float):
        return ARITHMETIC[sign](left, right)  # plain numbers, and none of a size that could be refused
    one, two = family(left), family(right)
    if one in _NUMERIC and two in _NUMERIC:
        return _arithmetic_numbers(sign, left, right, index)
    if "null" in (one, two):
        return _null_like(left if two == "null" else right)
    if one == two == "text" and sign == "+":
        return _concat(left, right, index)
    if {"moment", "span", "offset"} & {one, two}:
        return _arithmetic_times(sign, left, right)
    raise Clash(f"{sign} does not go between {spelt(left)} and {spelt(right)}{_advice(one, two)}")


_NUMERIC = NUMBERS | {"decimal"}


def _advice(one: str, two: str) -> str:
    return "; str(x) makes text of a number, float(x) a number of text" if "text" in (one, two) else ""


def _null_like(value: Value) -> Value:
    if is_scalar(value):
        return None
    return np.full(len(value.truth if isinstance(value, Logical) else value), np.nan)


def _arithmetic_numbers(sign: str, left: Value, right: Value, index: pd.Index) -> Value:
    (one, one_null, one_masked), (two, two_null, two_masked) = numbers(left), numbers(right)
    scalars = np.ndim(one) == 0 and np.ndim(two) == 0
    try:
        if scalars:
            return _of_scalars(sign, one, two)
        if sign in "+-*/":
            result = ARITHMETIC[sign](one, two)
        else:
            result = ARITHMETIC[sign](_series(one, index), _series(two, index)).to_numpy()
    except OverflowError:
        raise Clash("a number does not fit the integer type beside it; widen that with int(x) or float(x)") from None
    except ValueError as error:
        raise Clash(f"{error}; make one side a float with float(x)".replace(".;", ";")) from None
    if not (one_masked or two_masked):
        return result
    missing = either(_missing(one, masked=one_masked), _missing(two, masked=two_masked))
    null = either(either(one_null, two_null), missing)
    mask = np.zeros(len(result), dtype=bool) if null is None else np.broadcast_to(null, result.shape).copy()
    if result.dtype.kind == "f":
        mask |= np.isnan(result)  # 0 / 0 is null beside nulls, as in pandas
    array = pd.arrays.FloatingArray if result.dtype.kind == "f" else pd.arrays.IntegerArray
    return pd.Series(array(result, mask), index=index)


def _missing(data: Any, *, masked: bool) -> Any:
    """Where a plain float column beside a nullable one holds NaN, which is missing there as everywhere."""
    plain = isinstance(data, np.ndarray) and data.dtype.kind == "f" and not masked
    return np.isnan(data) if plain else None


def _series(data: Any, index: pd.Index) -> Any:
    return pd.Series(data, index=index, copy=False) if isinstance(data, np.ndarray) else data


def _of_scalars(sign: str, one: Any, two: Any) -> Any:
    """Scalars go by NumPy's rules, so that no power and no product of integers grows without bound."""
    if sign in {"/", "//", "%"} or (sign == "**" and two < 0):
        one, two = np.float64(one), np.float64(two)
    return ARITHMETIC[sign](np.asarray(one)[()], np.asarray(two)[()])


def _concat(left: Value, right: Value, index: pd.Index) -> Value:
    if isinstance(left, str) and isinstance(right, str):
        return left + right
    one, two = arrow_text(left), arrow_text(right)
    growth.check_join(one, two)
    joined = pc.binary_join_element_wise(one, two, pa.scalar("", pa.large_string()))
    return text_series(joined, index)


def _arithmetic_times(sign: str, left: Value, right: Value) -> Value:
    one, two = family(left), family(right)
    if one == "text" and sign == "-" and two == "moment":
        left, one = parse_moment(left), "moment"
    if two == "text" and one == "moment":
        right = parse_moment(right) if sign == "-" and not offset_text(right) else parse_span(right)
        two = family(right)
    if (one, sign, two) not in _TIMES:
        raise Clash(f"{sign} does not go between {spelt(left)} and {spelt(right)}")
    if one == two == "moment":
        left, right = align(left, right)
    left = numbers(left)[0] if one in _NUMERIC else left
    right = numbers(right)[0] if two in _NUMERIC else right
    try:
        return ARITHMETIC[sign](left, right)
    except (OverflowError, pd.errors.OutOfBoundsDatetime, pd.errors.OutOfBoundsTimedelta) as error:
        raise Clash(f"the result is outside the range of dates: {error}") from None


_TIMES = frozenset(
    {("moment", "-", "moment"), ("span", "+", "span"), ("span", "-", "span"), ("span", "/", "span"),
     ("span", "//", "span"), ("span", "%", "span"), ("offset", "+", "moment"), ("span", "+", "moment")}
    | {("moment", sign, other) for sign in "+-" for other in ("span", "offset")}
    | {("span", sign, number) for sign in ("*", "/", "//") for number in ("int", "float")}
    | {(number, "*", "span") for number in ("int", "float")}
)  # fmt: skip
