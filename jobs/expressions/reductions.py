"""The methods that make one value of a whole column: `amount.sum()`."""

from collections.abc import Callable
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from jobs.expressions.entries import Entry, Param, table
from jobs.expressions.values import NUMBERS, Clash, Logical, Value, family, nulls, numbers, spelt, to_series


def _reduction(run: Callable[..., Any], *kinds: str) -> Callable[..., Value]:
    """An entry over columns of these kinds; a result that is null is None."""

    def apply(index: pd.Index, target: Value, **arguments: Any) -> Value:
        if kinds and family(target) not in kinds:
            raise Clash(f"this method does not take {spelt(target)}")
        try:
            return _scalar(run(_prepared(target, index), **arguments))
        except (TypeError, ValueError, OverflowError) as error:
            raise Clash(str(error)[:300]) from None

    return apply


def _prepared(target: Value, index: pd.Index) -> pd.Series:
    if isinstance(target, Logical) and target.null is not None and not target.nullable:
        target = Logical(target.truth, target.null, nullable=True)
    return to_series(target, index)


def _scalar(result: Any) -> Value:
    """NumPy scalars stay, so that what follows cannot grow without bound; Python's become NumPy's."""
    if result is pd.NA or result is None or result is pd.NaT:
        return None
    if isinstance(result, (bool, np.bool_)):
        return bool(result)
    if isinstance(result, int):
        return np.int64(result) if -(2**63) <= result < 2**63 else np.float64(result)
    return np.float64(result) if type(result) is float else result


def _exact(kernel: Callable[..., Any], run: Callable[[pd.Series], Any], *kinds: str) -> Callable[..., Value]:
    """As `_reduction`, and exact over decimals by Arrow's kernel."""
    plain = _reduction(run, *kinds)

    def apply(index: pd.Index, target: Value) -> Value:
        if family(target) == "decimal" and isinstance(target, pd.Series):
            array = target.array.__arrow_array__()  # type: ignore[attr-defined]  # Arrow's protocol, not in the stubs
            wide = array.cast(pa.decimal256(76, array.type.scale)) if kernel is pc.sum else array
            return kernel(wide).as_py()
        return plain(index, target)

    return apply


def _inexact(run: Callable[..., Any], *kinds: str) -> Callable[..., Value]:
    """As `_reduction`, over decimals as float64."""
    plain = _reduction(run, *kinds)

    def apply(index: pd.Index, target: Value, **arguments: Any) -> Value:
        return plain(index, numbers(target)[0] if family(target) == "decimal" else target, **arguments)

    return apply


def _any(index: pd.Index, target: Value) -> Value:  # noqa: ARG001  every entry gets the index
    return bool(_truth(target).truth.any())


def _all(index: pd.Index, target: Value) -> Value:  # noqa: ARG001  every entry gets the index
    condition = _truth(target)
    return bool((condition.truth | nulls(condition)).all())


def _truth(target: Value) -> Logical:
    if not isinstance(target, Logical):
        raise Clash(f"any and all want a condition, not {spelt(target)}; compare it first")
    return target


def _count(index: pd.Index, target: Value) -> Value:
    return np.int64(len(index) - np.broadcast_to(nulls(target), len(index)).sum())


_SUMMED = (*sorted(NUMBERS), "span")
_ORDERED = (*sorted(NUMBERS), "span", "moment", "text", "ordered")
_AVERAGED = (*sorted(NUMBERS), "span", "moment")
_DDOF = (Param("ddof", "width", 1),)

REDUCTIONS = table(
    [
        Entry("sum", "the sum; of conditions how many are true", _exact(pc.sum, lambda s: s.sum(), *_SUMMED)),
        Entry("min", "the smallest value", _exact(pc.min, lambda s: s.min(), *_ORDERED)),
        Entry("max", "the largest value", _exact(pc.max, lambda s: s.max(), *_ORDERED)),
        Entry("mean", "the mean", _inexact(lambda s: s.mean(), *_AVERAGED)),
        Entry("median", "the median", _inexact(lambda s: s.median(), *_AVERAGED)),
        Entry(
            "std", "the standard deviation", _inexact(lambda s, ddof: s.std(ddof=ddof), *sorted(NUMBERS), "span"), _DDOF
        ),
        Entry("var", "the variance", _inexact(lambda s, ddof: s.var(ddof=ddof), *sorted(NUMBERS)), _DDOF),
        Entry("prod", "the product", _inexact(lambda s: s.prod(), *sorted(NUMBERS))),
        Entry("skew", "the skewness", _inexact(lambda s: s.skew(), *sorted(NUMBERS))),
        Entry(
            "quantile",
            "the value below which the fraction q lies",
            _inexact(lambda s, q: s.quantile(q), *_AVERAGED),
            (Param("q", "fraction", 0.5),),
        ),
        Entry("count", "how many values are not null", _count),
        Entry("nunique", "how many different values there are, without null", _reduction(lambda s: s.nunique())),
        Entry("any", "whether the condition is true anywhere", _any),
        Entry("all", "whether the condition is false nowhere", _all),
    ]
)
