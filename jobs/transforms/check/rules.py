"""The rules a column's values may have to keep: each says of every row whether it does. Nulls keep them all.

Values are compared as expressions compare them: decimals exactly with the number that the JSON text says, ISO 8601
texts as dates beside dates, patterns by RE2.
"""

from collections.abc import Callable, Mapping
from decimal import Decimal
from functools import cached_property
from typing import Any, Final

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from jobs.expressions.compare import compare
from jobs.expressions.kernels import match
from jobs.expressions.membership import member
from jobs.expressions.moments import align, parse_moment
from jobs.expressions.normal import load
from jobs.expressions.pieces import lengths
from jobs.expressions.values import Clash, WrittenFloat, arrow_text, family, nulls, numbers, spelt
from jobs.transforms.check.meanings import untyped

Truth = Any
"""A NumPy array of bool, one for each row."""


class Values:
    """A column on its way through its rules: what several of them ask for is made once."""

    def __init__(self, column: pd.Series) -> None:
        self.column = column

    @cached_property
    def normal(self) -> Any:
        """The values in the normal form of what they mean (jobs/expressions/values.py)."""
        return load(self.column)

    @cached_property
    def null(self) -> Truth:
        """Where they are null."""
        return np.asarray(nulls(self.normal))

    def not_null(self) -> Truth:
        """Where they are not null."""
        return ~self.null

    @cached_property
    def untyped(self) -> bool:
        """Whether they are nulls of no type, which no rule is about."""
        return untyped(self.column)

    @cached_property
    def sizes(self) -> Truth:
        """The length of each text or list, 0 where it is null."""
        if family(self.normal) == "lists":
            found = lengths(self.normal)
        else:
            found = load(pd.Series(pd.arrays.ArrowExtensionArray(_chunked(pc.utf8_length(_text(self.normal))))))
        data, null, _ = numbers(found)
        return data if null is None else np.where(null, 0, data)


NULL: Final = "is null"
Rule = Callable[[Values, Any], Truth]


def kept(name: str, values: Values, wanted: Any) -> Truth:
    """Where the rule `name` with the argument `wanted` is kept; raises Clash where it is not one for such values."""
    if values.untyped:
        return np.ones(len(values.column), dtype=bool)
    return np.asarray(RULES[name](values, wanted)) | values.null


def said(name: str, wanted: Any) -> str:
    """What is wrong with a value that breaks the rule, as the end of a sentence about it."""
    text = repr(list(wanted) if isinstance(wanted, tuple) else wanted)
    return _SAID[name].format(text if len(text) <= 80 else text[:77] + "...")


def unique(columns: pd.DataFrame, keep: Any) -> Truth:
    """Where a row's values, taken together, do not come twice; rows with a null among them are not compared.

    `keep` is as pandas' `duplicated` has it.
    """
    null = np.zeros(len(columns), dtype=bool)
    for place in range(columns.shape[1]):
        null |= np.asarray(nulls(load(columns.iloc[:, place])))
    if not null.any():
        return ~columns.duplicated(keep=keep).to_numpy()
    found = np.ones(len(columns), dtype=bool)
    found[~null] = ~columns[~null].duplicated(keep=keep).to_numpy()
    return found


def _compared(sign: str) -> Rule:
    def rule(values: Values, wanted: Any) -> Truth:
        return compare(sign, values.normal, _literal(wanted)).truth

    return rule


def _literal(value: Any) -> Any:
    """The JSON value; a number with a fraction remembers its digits, for decimals."""
    return WrittenFloat(value, Decimal(repr(value))) if isinstance(value, float) else value


def _is_in(values: Values, wanted: tuple[Any, ...]) -> Truth:
    kind = family(values.normal)
    if kind == "decimal":
        return _decimal_in(values.normal, wanted)
    if kind == "moment":
        return _moment_in(values.normal, wanted)
    return member(values.normal, wanted, values.column.index).truth


def _decimal_in(column: pd.Series, wanted: tuple[Any, ...]) -> Truth:
    """By Arrow's hash of decimals: one comparison for each item would cost as much again for each."""
    array = column.array.__arrow_array__()
    items = []
    for item in wanted:
        if isinstance(item, (int, float)) and not isinstance(item, bool):
            try:
                items.append(pa.scalar(Decimal(repr(item)), array.type).as_py())
            except (pa.ArrowInvalid, pa.ArrowTypeError):
                continue  # no value of this type is that number
    return np.asarray(pc.is_in(array, value_set=pa.array(items, array.type)))


def _moment_in(column: pd.Series, wanted: tuple[Any, ...]) -> Truth:
    moments = []
    for item in wanted:
        if not isinstance(item, str):
            raise Clash(f"{spelt(item)} cannot be compared with {spelt(column)}")
        column, moment = align(column, parse_moment(item))
        moments.append(moment)
    return column.isin(moments).to_numpy()


def _matches(values: Values, pattern: str) -> Truth:
    return np.asarray(pc.fill_null(match(_text(values.normal), pattern, True), True))  # noqa: FBT003  pyarrow's signature


def _text(value: Any) -> Any:
    if family(value) != "text":
        raise Clash(f"this is a rule for text, not for {spelt(value)}")
    return arrow_text(value)


def _chunked(array: Any) -> Any:
    return array if isinstance(array, pa.ChunkedArray) else pa.chunked_array([array])


RULES: Final[Mapping[str, Rule]] = {
    "ge": _compared(">="),
    "gt": _compared(">"),
    "le": _compared("<="),
    "lt": _compared("<"),
    "isin": _is_in,
    "matches": _matches,
    "min_length": lambda values, wanted: values.sizes >= wanted,
    "max_length": lambda values, wanted: values.sizes <= wanted,
}
_SAID: Final[Mapping[str, str]] = {
    "ge": "is not >= {}",
    "gt": "is not > {}",
    "le": "is not <= {}",
    "lt": "is not < {}",
    "isin": "is not one of {}",
    "matches": "does not match {} from its start",
    "min_length": "is shorter than {}",
    "max_length": "is longer than {}",
}
