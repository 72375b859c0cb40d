"""`in`, `not in` and `isin`: as pandas' `isin`, a null is in nothing but a list that names None."""

from decimal import Decimal
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from jobs.expressions.compare import compare
from jobs.expressions.logic import kleene_or
from jobs.expressions.moments import align, parse_moment, parse_span
from jobs.expressions.normal import logical_from_arrow
from jobs.expressions.values import Clash, Logical, Value, arrow_text, family, is_scalar, nulls, to_series


def member(value: Value, items: Value, index: pd.Index) -> Logical:
    """Whether `value` is one of `items`, a tuple of scalars or a column; raises Clash where `items` is neither."""
    if isinstance(value, tuple) and not isinstance(items, tuple) and not is_scalar(items):
        value, items = items, value
    if isinstance(items, tuple):
        return _in_items(value, items, index)
    if is_scalar(items):
        raise Clash(
            "in wants a list such as ['a', 'b'] or a column on its right; for a part of a text: x.str.contains('…')"
        )
    return _in_column(value, items, index)


def _in_column(value: Value, items: Value, index: pd.Index) -> Logical:
    """A null is in a column that has one, however the two are stored."""
    found = to_series(value, index).isin(to_series(items, index)).to_numpy(dtype=bool)
    null = np.asarray(nulls(value))
    return _definite((found & ~null) | (null & bool(np.any(nulls(items)))))


def _in_items(value: Value, items: tuple[Any, ...], index: pd.Index) -> Logical:
    wanted = tuple(item for item in items if family(item) != "null")
    if isinstance(value, tuple):
        raise Clash("a list is in nothing; write the column on one side of in")
    found = _definite(np.zeros(np.shape(nulls(value)), dtype=bool)) if not wanted else _found(value, wanted, index)
    if len(wanted) < len(items):
        return _definite(found.truth | nulls(value))
    return found


def _found(value: Value, wanted: tuple[Any, ...], index: pd.Index) -> Logical:
    kind = family(value)
    if kind == "null":
        return _definite(np.False_)
    if kind == "text" and not is_scalar(value):
        texts = pa.array([item for item in wanted if isinstance(item, str)], pa.large_string())
        return logical_from_arrow(pc.is_in(arrow_text(value), texts, skip_nulls=True))
    if kind == "moment" and not is_scalar(value):
        return _moments_in(value, wanted)
    if kind == "span":
        wanted = tuple(parse_span(item) if isinstance(item, str) else item for item in wanted)
    if (
        kind == "decimal"
        or is_scalar(value)
        or isinstance(value, Logical)
        or any(isinstance(i, Decimal) for i in wanted)
    ):
        return _one_by_one(value, wanted)
    if isinstance(value, np.ndarray) and len(wanted) <= 8 and all(type(item) in (int, float, bool) for item in wanted):
        return _definite(_any_equal(value, wanted))
    try:
        return _definite(to_series(value, index).isin(list(wanted)).to_numpy(dtype=bool))
    except (
        pa.ArrowException,
        TypeError,
        ValueError,
    ):  # of lists, bytes and times of day: what is nothing of their kind
        raise Clash("the values of the list are of another kind than the column") from None


def _any_equal(value: Any, wanted: tuple[Any, ...]) -> Any:
    found = value == wanted[0]
    for item in wanted[1:]:
        found |= value == item
    return found


def _moments_in(value: pd.Series, wanted: tuple[Any, ...]) -> Logical:
    found = np.zeros(len(value), dtype=bool)
    for item in wanted:
        left, right = align(value, parse_moment(item) if isinstance(item, str) else item)
        found |= (left == right).to_numpy()
    return _definite(found)


def _one_by_one(value: Value, wanted: tuple[Any, ...]) -> Logical:
    result: Value = None
    for item in wanted:
        equal = _equal(value, item)
        result = equal if result is None else kleene_or(result, equal)
    return _definite(result.truth)


def _equal(value: Value, item: Any) -> Logical:
    try:
        return compare("==", value, item)
    except Clash:
        return _definite(np.zeros(np.shape(nulls(value)), dtype=bool)[()])


def _definite(truth: Any) -> Logical:
    return Logical(truth)
