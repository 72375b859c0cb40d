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


def _exact(kernel: Callable[..., Any], run: Callable[..., Any], *kinds: str) -> Callable[..., Value]:
    """As `_reduction`, and exact over decimals by Arrow's kernel."""
    plain = _reduction(run, *kinds)

    def apply(index: pd.Index, target: Value, *, skipna: bool, min_count: int | None = None) -> Value:
        if family(target) == "decimal" and isinstance(target, pd.Series):
            array = target.array.__arrow_array__()  # type: ignore[attr-defined]  # Arrow's protocol, not in the stubs
            wide = array.cast(pa.decimal256(76, array.type.scale)) if kernel is pc.sum else array
            return kernel(wide, skip_nulls=skipna, min_count=1 if min_count is None else min_count).as_py()
        counted = {} if min_count is None else {"min_count": min_count}
        return plain(index, target, skipna=skipna, **counted)

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
_NUMBERS = tuple(sorted(NUMBERS))
_OTHER = Param("other")
_SKIP = Param("skipna", "flag", default=True)
_COUNTED = (_SKIP, Param("min_count", "width", 0))
_DDOF = (Param("ddof", "width", 1), _SKIP)
_INTERPOLATION = ("linear", "lower", "higher", "midpoint", "nearest")


def _extreme_place(run: Callable[[pd.Series], Any]) -> Callable[..., Value]:
    """Where the least or greatest value stands first, from 0; null where there is none."""
    place = _inexact(lambda s: run(s.reset_index(drop=True)) if s.notna().any() else None, *_ORDERED)

    def apply(index: pd.Index, target: Value) -> Value:
        return place(index, target)

    return apply


def _paired(run: Callable[..., Any]) -> Callable[..., Value]:
    """A reduction of two columns of numbers; rows with a null in one of them do not count."""

    def apply(index: pd.Index, target: Value, other: Value, **arguments: Any) -> Value:
        for side in (target, other):
            if family(side) not in NUMBERS | {"decimal"}:
                raise Clash(f"this method does not take {spelt(side)}")
        one, two = (to_series(numbers_of(side), index).astype("float64") for side in (target, other))
        return _scalar(run(one, two, **arguments))

    return apply


def numbers_of(value: Value) -> Value:
    """The value, a decimal as float64."""
    return numbers(value)[0] if family(value) == "decimal" else value


def _plain(name: str, summary: str, run: Callable[..., Any], *kinds: str) -> Entry:
    return Entry(name, summary, _inexact(run, *kinds), (_SKIP,))


_SUM = _exact(pc.sum, lambda s, **how: s.sum(**how), *_SUMMED)
_PROD = _inexact(lambda s, **how: s.prod(**how), *_NUMBERS)
_KURT = _inexact(lambda s, skipna: s.kurt(skipna=skipna), *_NUMBERS)

REDUCTIONS = table(
    [
        Entry("sum", "the sum; of conditions how many are true", _SUM, _COUNTED),
        Entry("min", "the smallest value", _exact(pc.min, lambda s, skipna: s.min(skipna=skipna), *_ORDERED), (_SKIP,)),
        Entry("max", "the largest value", _exact(pc.max, lambda s, skipna: s.max(skipna=skipna), *_ORDERED), (_SKIP,)),
        _plain("mean", "the mean", lambda s, skipna: s.mean(skipna=skipna), *_AVERAGED),
        _plain("median", "the median", lambda s, skipna: s.median(skipna=skipna), *_AVERAGED),
        Entry("std", "the standard deviation", _inexact(lambda s, **how: s.std(**how), *_NUMBERS, "span"), _DDOF),
        Entry("var", "the variance", _inexact(lambda s, **how: s.var(**how), *_NUMBERS), _DDOF),
        Entry("sem", "the standard error of the mean", _inexact(lambda s, **how: s.sem(**how), *_NUMBERS), _DDOF),
        Entry("prod", "the product", _PROD, _COUNTED),
        Entry("product", "the product", _PROD, _COUNTED),
        _plain("skew", "the skewness", lambda s, skipna: s.skew(skipna=skipna), *_NUMBERS),
        Entry("kurt", "the excess kurtosis", _KURT, (_SKIP,)),
        Entry("kurtosis", "the excess kurtosis", _KURT, (_SKIP,)),
        Entry(
            "quantile",
            "the value below which the fraction q lies",
            _inexact(lambda s, **how: s.quantile(**how), *_AVERAGED),
            (Param("q", "fraction", 0.5), Param("interpolation", "text", "linear", _INTERPOLATION)),
        ),
        Entry("corr", "the correlation (Pearson) with the other column", _paired(lambda s, o: s.corr(o)), (_OTHER,)),
        Entry(
            "cov",
            "the covariance with the other column",
            _paired(lambda s, o, ddof: s.cov(o, ddof=ddof)),
            (_OTHER, Param("ddof", "width", 1)),
        ),
        *(
            Entry(name, f"the row, from 0, of the first {what} value", _extreme_place(run))
            for name, what, run in (
                ("idxmin", "smallest", lambda s: s.idxmin()),
                ("idxmax", "largest", lambda s: s.idxmax()),
                ("argmin", "smallest", lambda s: s.idxmin()),
                ("argmax", "largest", lambda s: s.idxmax()),
            )
        ),
        Entry("count", "how many values are not null", _count),
        Entry(
            "nunique",
            "how many different values there are, without null",
            _reduction(lambda s, dropna: s.nunique(dropna=dropna)),
            (Param("dropna", "flag", default=True),),
        ),
        Entry("any", "whether the condition is true anywhere", _any),
        Entry("all", "whether the condition is false nowhere", _all),
    ]
)
