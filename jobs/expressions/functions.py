"""The functions an expression may call by name."""

from collections.abc import Callable
from decimal import Decimal
from typing import Any

import numpy as np
import pandas as pd

from jobs.expressions.casts import to_boolean, to_float, to_integer, to_text
from jobs.expressions.choose import choose
from jobs.expressions.compare import compare
from jobs.expressions.entries import Entry, Param, table
from jobs.expressions.logic import as_condition
from jobs.expressions.moments import make_offset, parse_moment, parse_span
from jobs.expressions.values import (
    NUMBERS,
    Clash,
    Logical,
    Value,
    family,
    is_scalar,
    logical,
    nulls,
    numbers,
    spelt,
    to_series,
)


def elementwise(apply: Callable[[Any], Any]) -> Callable[..., Value]:
    """A NumPy function of one number as an entry; nulls stay null."""

    def run(index: pd.Index, x: Value) -> Value:
        if family(x) == "null":
            return None
        if family(x) not in NUMBERS | {"decimal"}:
            raise Clash(f"wants numbers, not {spelt(x)}")
        data, null, masked = numbers(x)
        result = apply(data)
        if not masked:
            return result
        mask = np.zeros(len(result), dtype=bool) if null is None else null
        if result.dtype.kind == "f":
            mask = mask | np.isnan(result)
        array = pd.arrays.FloatingArray if result.dtype.kind == "f" else pd.arrays.IntegerArray
        return pd.Series(array(result, mask.copy()), index=index)

    return run


def _where(index: pd.Index, cond: Value, a: Value, b: Value) -> Value:
    return choose(as_condition("where", cond), a, b, index)


def _coalesce(index: pd.Index, *values: Value) -> Value:
    result = values[-1]
    for value in reversed(values[:-1]):
        result = choose(Logical(np.asarray(~np.asarray(nulls(value)))), value, result, index)
    return result


def _least(index: pd.Index, *values: Value) -> Value:
    return _extreme(index, "<=", values)


def _greatest(index: pd.Index, *values: Value) -> Value:
    return _extreme(index, ">=", values)


def _extreme(index: pd.Index, sign: str, values: tuple[Value, ...]) -> Value:
    """Null where any value is null, as NumPy's minimum and maximum."""
    result = values[0]
    for value in values[1:]:
        kept = compare(sign, result, value)
        null = Logical(np.asarray(nulls(result)))
        chosen = choose(kept, result, value, index)
        result = choose(null, result, chosen, index)
    return result


def _is_null(index: pd.Index, x: Value) -> Value:  # noqa: ARG001  every entry gets the index
    return Logical(np.asarray(nulls(x))[()])


def _not_null(index: pd.Index, x: Value) -> Value:  # noqa: ARG001  every entry gets the index
    return Logical(~np.asarray(nulls(x))[()])


def _date(index: pd.Index, text: Value) -> Value:  # noqa: ARG001  every entry gets the index
    return parse_moment(text)


def _timedelta(index: pd.Index, text: Value) -> Value:  # noqa: ARG001  every entry gets the index
    return parse_span(text)


def _offset(index: pd.Index, **parts: int) -> Value:  # noqa: ARG001  every entry gets the index
    given = {name: count for name, count in parts.items() if count}
    return make_offset(**given)


def _absolute(index: pd.Index, x: Value) -> Value:
    if family(x) == "span":
        return abs(x) if is_scalar(x) else to_series(x, index).abs()
    if isinstance(x, Decimal):
        return abs(x)
    return elementwise(np.abs)(index, x)


def _arctan2(index: pd.Index, y: Value, x: Value) -> Value:
    (one, one_null, one_masked), (two, two_null, two_masked) = numbers(y), numbers(x)
    result = np.arctan2(one, two)
    if not (one_masked or two_masked):
        return result
    null = np.zeros(len(result), dtype=bool)
    for mask in (one_null, two_null):
        null = null if mask is None else null | mask
    return pd.Series(pd.arrays.FloatingArray(result, null), index=index)


def _round(index: pd.Index, x: Value, decimals: int) -> Value:
    return elementwise(lambda data: np.round(data, decimals))(index, x)


def _is_finite(index: pd.Index, x: Value) -> Value:  # noqa: ARG001  every entry gets the index
    data, _, masked = numbers(x)
    return logical(np.isfinite(data), nulls(x), masked)


_ELEMENTWISE: tuple[tuple[str, Callable[[Any], Any], str], ...] = (
    ("sqrt", np.sqrt, "the square root; of a negative number null"),
    ("cbrt", np.cbrt, "the cube root"),
    ("exp", np.exp, "e to the power of x"),
    ("expm1", np.expm1, "exp(x) - 1, exact near 0"),
    ("log", np.log, "the natural logarithm; of 0 -inf, of a negative number null"),
    ("log2", np.log2, "the logarithm to base 2"),
    ("log10", np.log10, "the logarithm to base 10"),
    ("log1p", np.log1p, "log(1 + x), exact near 0"),
    ("floor", np.floor, "the next integer below"),
    ("ceil", np.ceil, "the next integer above"),
    ("trunc", np.trunc, "the integer towards 0"),
    ("sign", np.sign, "-1, 0 or 1"),
    ("sin", np.sin, "the sine of radians"),
    ("cos", np.cos, "the cosine of radians"),
    ("tan", np.tan, "the tangent of radians"),
    ("arcsin", np.arcsin, "the inverse sine in radians"),
    ("arccos", np.arccos, "the inverse cosine in radians"),
    ("arctan", np.arctan, "the inverse tangent in radians"),
    ("sinh", np.sinh, "the hyperbolic sine"),
    ("cosh", np.cosh, "the hyperbolic cosine"),
    ("tanh", np.tanh, "the hyperbolic tangent"),
    ("arcsinh", np.arcsinh, "the inverse hyperbolic sine"),
    ("arccosh", np.arccosh, "the inverse hyperbolic cosine"),
    ("arctanh", np.arctanh, "the inverse hyperbolic tangent"),
    ("radians", np.radians, "degrees as radians"),
    ("degrees", np.degrees, "radians as degrees"),
)
_X = (Param("x"),)
_PARTS = ("years", "months", "weeks", "days", "hours", "minutes", "seconds")

FUNCTIONS = table(
    [
        Entry(
            "where",
            "`a` where the condition is true, `b` where it is false or null",
            _where,
            (Param("cond"), Param("a"), Param("b")),
        ),
        Entry("coalesce", "the first of the values that is not null", _coalesce, many=True),
        Entry("minimum", "the smallest of the values, null where one is null", _least, many=True),
        Entry("maximum", "the largest of the values, null where one is null", _greatest, many=True),
        Entry("isnull", "whether x is null", _is_null, _X),
        Entry("isna", "whether x is null", _is_null, _X),
        Entry("notnull", "whether x is not null", _not_null, _X),
        Entry("notna", "whether x is not null", _not_null, _X),
        Entry("isfinite", "whether x is neither infinite nor null", _is_finite, _X),
        Entry("date", "an ISO 8601 date or time", _date, (Param("text", "text"),)),
        Entry("timestamp", "an ISO 8601 date or time", _date, (Param("text", "text"),)),
        Entry("timedelta", "a duration such as '90D' or '1h 30min'", _timedelta, (Param("text", "text"),)),
        Entry(
            "offset", "a calendar offset, to add to dates", _offset, tuple(Param(part, "integer", 0) for part in _PARTS)
        ),
        Entry("abs", "the absolute value", _absolute, _X),
        Entry(
            "round", "rounded half to even to `decimals` places", _round, (Param("x"), Param("decimals", "places", 0))
        ),
        Entry("arctan2", "the angle of the point (x, y) in radians", _arctan2, (Param("y"), Param("x"))),
        Entry("int", "as an integer, cut towards 0; text is parsed", to_integer, _X),
        Entry("float", "as a float; text is parsed", to_float, _X),
        Entry("str", "as text", to_text, _X),
        Entry("bool", "as a condition; 0 is false", to_boolean, _X),
        *(Entry(name, summary, elementwise(apply), _X) for name, apply, summary in _ELEMENTWISE),
    ]
)
