"""Comparison between values in normal form: null where either side is null."""

import operator
from collections.abc import Callable
from decimal import Decimal
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from jobs.expressions.moments import align, parse_moment, parse_span
from jobs.expressions.normal import logical_from_arrow
from jobs.expressions.periods import parse_period
from jobs.expressions.values import (
    NUMBERS,
    Clash,
    Logical,
    Value,
    WrittenFloat,
    arrow_text,
    either,
    family,
    is_scalar,
    logical,
    nulls,
    numbers,
    spelt,
)

COMPARE: dict[str, Callable[[Any, Any], Any]] = {
    "==": operator.eq,
    "!=": operator.ne,
    "<": operator.lt,
    "<=": operator.le,
    ">": operator.gt,
    ">=": operator.ge,
}
_ARROW_COMPARE = {
    "==": pc.equal,
    "!=": pc.not_equal,
    "<": pc.less,
    "<=": pc.less_equal,
    ">": pc.greater,
    ">=": pc.greater_equal,
}


def compare(sign: str, left: Value, right: Value) -> Logical:
    """`left sign right`, null where either is null; raises Clash where the two cannot be compared."""
    kinds = family(left), family(right)
    if "null" in kinds:
        return Logical(np.False_, True)  # noqa: FBT003  truth and null are the value's fields
    if kinds[0] in NUMBERS and kinds[1] in NUMBERS:
        return _compare_numbers(sign, left, right)
    if kinds == ("text", "text"):
        return logical_from_arrow(_ARROW_COMPARE[sign](arrow_text(left), arrow_text(right)))
    if "decimal" in kinds and set(kinds) <= NUMBERS | {"decimal"}:
        return _compare_decimals(sign, left, right)
    if "moment" in kinds or "span" in kinds:
        return _compare_times(sign, left, right)
    if set(kinds) == {"period", "text"}:
        left, right = (
            parse_period(side, other) if isinstance(side, str) else side
            for side, other in ((left, right), (right, left))
        )
        return _compare_ordered(sign, left, right)
    if "ordered" in kinds or kinds in {("period", "period"), ("other", "other")}:
        return _compare_ordered(sign, left, right)
    raise Clash(f"{spelt(left)} cannot be compared with {spelt(right)}")


def _compare_numbers(sign: str, left: Value, right: Value) -> Logical:
    (one, one_null, one_masked), (two, two_null, two_masked) = numbers(left), numbers(right)
    truth = COMPARE[sign](one, two)
    null = either(either(one_null, _nan(one)), either(two_null, _nan(two)))
    return logical(truth, null, one_masked or two_masked)


def _nan(data: Any) -> Any:
    if isinstance(data, np.ndarray):
        if data.dtype.kind != "f":
            return None
        null = np.isnan(data)
        return null if null.any() else None
    return True if isinstance(data, (float, np.floating)) and data != data else None  # noqa: PLR0124  NaN test


def _compare_decimals(sign: str, left: Value, right: Value) -> Logical:
    if _is_inexact(left) or _is_inexact(right):
        return _compare_numbers(sign, left, right)
    one, two = _exact(left), _exact(right)
    if isinstance(one, Decimal) and isinstance(two, Decimal):
        return Logical(np.bool_(COMPARE[sign](one, two)))
    one, two = _same_scale(one, two)
    return logical_from_arrow(_ARROW_COMPARE[sign](one, two))


def _is_inexact(value: Value) -> bool:
    return family(value) == "float" and not isinstance(value, WrittenFloat)


def _exact(value: Value) -> Any:
    """A Decimal, or an Arrow array of decimals."""
    if isinstance(value, WrittenFloat):
        return value.decimal
    if is_scalar(value):
        return value if isinstance(value, Decimal) else Decimal(int(numbers(value)[0]))
    if family(value) == "decimal":
        return value.array.__arrow_array__()
    data, null, _ = numbers(value)
    return pa.array(data, mask=null).cast(pa.decimal128(20, 0))


def _same_scale(one: Any, two: Any) -> tuple[Any, Any]:
    """Both sides wide enough that neither is rounded nor overflows; beyond 76 digits a Decimal is cut to its bound."""
    whole = max(map(_whole_digits, (one, two)))
    scale = max(map(_scale, (one, two)))
    if whole + scale > 76:
        raise Clash("the decimals of both sides together have more than 76 digits; round the literal")
    # a column beside a literal of no more places than it has is compared as it is, without a cast
    kind = (pa.decimal128 if whole + scale <= 38 else pa.decimal256)(whole + scale, scale)
    return tuple(pa.scalar(side, kind) if isinstance(side, Decimal) else side.cast(kind) for side in (one, two))


def _scale(side: Any) -> int:
    return max(0, -int(side.as_tuple().exponent)) if isinstance(side, Decimal) else side.type.scale


def _whole_digits(side: Any) -> int:
    return max(1, side.adjusted() + 1) if isinstance(side, Decimal) else side.type.precision - side.type.scale


def _compare_times(sign: str, left: Value, right: Value) -> Logical:
    left, right = _timed(left, right), _timed(right, left)
    if family(left) != family(right) or family(left) not in {"moment", "span"}:
        raise Clash(f"{spelt(left)} cannot be compared with {spelt(right)}")
    if family(left) == "moment":
        left, right = align(left, right)
    one, two = (side.array if isinstance(side, pd.Series) else side for side in (left, right))
    truth = COMPARE[sign](one, two)
    return logical(np.asarray(truth)[()], nulls(left) | nulls(right))


def _timed(value: Value, other: Value) -> Value:
    """An ISO string beside a date or a duration is one."""
    if not isinstance(value, str):
        return value
    return parse_moment(value) if family(other) == "moment" else parse_span(value) if family(other) == "span" else value


def _compare_ordered(sign: str, left: Value, right: Value) -> Logical:
    for value, other in ((left, right), (right, left)):
        is_category = isinstance(value, pd.Series) and isinstance(value.dtype, pd.CategoricalDtype)
        is_foreign = is_category and is_scalar(other) and other not in value.dtype.categories
        if is_foreign and sign not in {"==", "!="}:
            raise Clash(f"{other!r} is none of the ordered category's values")
    try:
        truth = COMPARE[sign](left, right)
    except (TypeError, ValueError, NotImplementedError) as error:
        raise Clash(str(error)[:300]) from None
    return logical(np.asarray(truth), nulls(left) | nulls(right))
