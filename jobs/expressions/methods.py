"""The methods a column may be asked for by name: `amount.fillna(0)`."""

from collections.abc import Callable
from typing import Any

import numpy as np
import pandas as pd

from jobs.expressions.arithmetic import arithmetic
from jobs.expressions.casts import DTYPES, cast
from jobs.expressions.choose import choose
from jobs.expressions.compare import compare
from jobs.expressions.entries import Entry, Param, table
from jobs.expressions.functions import FUNCTIONS
from jobs.expressions.logic import as_condition, kleene_and
from jobs.expressions.membership import member
from jobs.expressions.normal import load
from jobs.expressions.reductions import REDUCTIONS
from jobs.expressions.values import Clash, Logical, Value, family, is_scalar, nulls, numbers, spelt, to_series


def _series(run: Callable[..., Any], *kinds: str) -> Callable[..., Value]:
    """An entry that runs on a pandas Series of one of these kinds (any where none is named), decimals as floats."""

    def apply(index: pd.Index, target: Value, **arguments: Any) -> Value:
        if "float" in kinds and family(target) == "decimal":
            target = numbers(target)[0]
        if kinds and family(target) not in kinds:
            raise Clash(f"this method does not take {spelt(target)}")
        if isinstance(target, Logical) and target.null is not None and not target.nullable:
            target = Logical(target.truth, target.null, nullable=True)
        try:
            return load(run(to_series(target, index), **arguments))
        except (TypeError, ValueError, OverflowError) as error:
            raise Clash(str(error)[:300]) from None

    return apply


def _fillna(index: pd.Index, target: Value, value: Value) -> Value:
    return choose(Logical(np.asarray(~np.asarray(nulls(target)))), target, value, index)


def _between(index: pd.Index, target: Value, left: Value, right: Value, inclusive: str) -> Value:  # noqa: ARG001  # a kernel's shape
    low = compare(">=" if inclusive in {"both", "left"} else ">", target, left)
    return kleene_and(low, compare("<=" if inclusive in {"both", "right"} else "<", target, right))


def _isin(index: pd.Index, target: Value, values: Value) -> Value:
    return member(target, values, index)


def _clip(index: pd.Index, target: Value, lower: Value, upper: Value) -> Value:
    result = target
    if is_scalar(lower) and is_scalar(upper) and "null" not in (family(lower), family(upper)):
        swapped = compare(">", lower, upper)
        if swapped.null is None and bool(swapped.truth):
            lower, upper = upper, lower  # as pandas does
    for bound, sign in ((lower, "<"), (upper, ">")):
        if family(bound) != "null":
            result = choose(compare(sign, result, bound), bound, result, index)
    return result


def _where(index: pd.Index, target: Value, cond: Value, other: Value) -> Value:
    return choose(as_condition("where", cond), target, other, index)


def _mask(index: pd.Index, target: Value, cond: Value, other: Value) -> Value:
    return choose(as_condition("mask", cond), other, target, index)


def _replace(index: pd.Index, target: Value, to_replace: Value, value: Value) -> Value:
    items = to_replace if isinstance(to_replace, tuple) else (to_replace,)
    return choose(member(target, items, index), value, target, index)


def _shift(index: pd.Index, target: Value, periods: int, fill_value: Value) -> Value:
    kept = np.zeros(len(index), dtype=bool)
    kept[max(0, periods) : len(index) + min(0, periods)] = True
    series = to_series(target, index)
    places = (np.arange(len(index)) - periods).clip(0, max(0, len(index) - 1))
    moved = load(series.iloc[places].set_axis(index))
    return choose(Logical(kept), moved, fill_value, index)


def _diff(index: pd.Index, target: Value, periods: int) -> Value:
    return arithmetic("-", target, _shift(index, target, periods, None), index)


def _astype(index: pd.Index, target: Value, dtype: str) -> Value:
    return cast(index, target, dtype)


def _compare(sign: str) -> Callable[..., Value]:
    def apply(index: pd.Index, target: Value, other: Value) -> Value:  # noqa: ARG001  every entry gets the index
        return compare(sign, target, other)

    return apply


def _combine_first(index: pd.Index, target: Value, other: Value) -> Value:
    return _fillna(index, target, other)


def _operation(sign: str, *, reverse: bool = False) -> Callable[..., Value]:
    """An operator as a method; `fill_value` stands for a null beside a value, not for two nulls."""

    def apply(index: pd.Index, target: Value, other: Value, fill_value: Value) -> Value:
        left, right = (other, target) if reverse else (target, other)
        if family(fill_value) != "null":
            alone = np.asarray(nulls(left)) ^ np.asarray(nulls(right))
            left, right = (choose(Logical(alone & nulls(side)), fill_value, side, index) for side in (left, right))
        return arithmetic(sign, left, right, index)

    return apply


_NUMERIC = ("int", "float", "bool")
_ORDERED = (*_NUMERIC, "moment", "span")
_OTHER = (Param("cond"), Param("other", default=None))
_LIMIT = (Param("limit", "width", None),)
_FILLED = (Param("other"), Param("fill_value", default=None))
_OPERATORS = (
    ("+", ("add",), "radd"), ("-", ("sub", "subtract"), "rsub"), ("*", ("mul", "multiply"), "rmul"),
    ("/", ("div", "divide", "truediv"), "rtruediv"), ("//", ("floordiv",), "rfloordiv"), ("%", ("mod",), "rmod"),
    ("**", ("pow",), "rpow"),
)  # fmt: skip
_METHODS = ("average", "min", "max", "first", "dense")

METHODS = table(
    [
        Entry("isna", "whether it is null", FUNCTIONS["isna"].apply),
        Entry("isnull", "whether it is null", FUNCTIONS["isna"].apply),
        Entry("notna", "whether it is not null", FUNCTIONS["notna"].apply),
        Entry("notnull", "whether it is not null", FUNCTIONS["notna"].apply),
        Entry("fillna", "the value where it is null", _fillna, (Param("value"),)),
        Entry("combine_first", "the other value where it is null", _combine_first, (Param("other"),)),
        Entry("ffill", "nulls filled with the value before", _series(lambda s, limit: s.ffill(limit=limit)), _LIMIT),
        Entry("bfill", "nulls filled with the value after", _series(lambda s, limit: s.bfill(limit=limit)), _LIMIT),
        Entry("isin", "whether it is one of the values (a list or a column)", _isin, (Param("values"),)),
        Entry(
            "between",
            "whether it lies between left and right",
            _between,
            (Param("left"), Param("right"), Param("inclusive", "text", "both", ("both", "left", "right", "neither"))),
        ),
        Entry(
            "clip", "held between lower and upper", _clip, (Param("lower", default=None), Param("upper", default=None))
        ),
        Entry("where", "itself where the condition is true, else other", _where, _OTHER),
        Entry("mask", "other where the condition is true, else itself", _mask, _OTHER),
        Entry(
            "replace", "value in place of to_replace (one or a list)", _replace, (Param("to_replace"), Param("value"))
        ),
        Entry("astype", "as another dtype", _astype, (Param("dtype", "text", choices=DTYPES),)),
        Entry("round", "rounded half to even", FUNCTIONS["round"].apply, (Param("decimals", "places", 0),)),
        Entry("abs", "the absolute value", FUNCTIONS["abs"].apply),
        Entry(
            "shift",
            "the value `periods` rows before",
            _shift,
            (Param("periods", "integer", 1), Param("fill_value", default=None)),
        ),
        Entry("diff", "the difference from `periods` rows before", _diff, (Param("periods", "integer", 1),)),
        Entry(
            "pct_change",
            "the relative change from `periods` rows before",
            _series(lambda s, periods: s.pct_change(periods), *_NUMERIC),
            (Param("periods", "integer", 1),),
        ),
        Entry("cumsum", "the sum so far", _series(lambda s: s.cumsum(), *_NUMERIC, "span")),
        Entry("cumprod", "the product so far", _series(lambda s: s.cumprod(), *_NUMERIC)),
        Entry("cummax", "the largest so far", _series(lambda s: s.cummax(), *_ORDERED)),
        Entry("cummin", "the smallest so far", _series(lambda s: s.cummin(), *_ORDERED)),
        Entry(
            "rank",
            "the rank by value, from 1",
            _series(lambda s, **arguments: s.rank(**arguments), *_ORDERED, "text"),
            (
                Param("method", "text", "average", _METHODS),
                Param("ascending", "flag", default=True),
                Param("pct", "flag", default=False),
                Param("na_option", "text", "keep", ("keep", "top", "bottom")),
            ),
        ),
        Entry(
            "duplicated",
            "whether the value came before (or comes again)",
            _series(lambda s, keep: s.duplicated(keep=keep)),
            (Param("keep", "kept", "first"),),
        ),
        *(
            Entry(name, f"`{sign}` as a method", _compare(sign), (Param("other"),))
            for name, sign in (("eq", "=="), ("ne", "!="), ("lt", "<"), ("le", "<="), ("gt", ">"), ("ge", ">="))
        ),
        *(
            Entry(name, f"`x {sign} other`", _operation(sign), _FILLED)
            for sign, names, _ in _OPERATORS
            for name in names
        ),
        *(Entry(name, f"`other {sign} x`", _operation(sign, reverse=True), _FILLED) for sign, _, name in _OPERATORS),
        *REDUCTIONS.values(),
    ]
)
