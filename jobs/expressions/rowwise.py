"""Whether each row's value follows from that row alone, so that any part of a frame may be looked at by itself.

What is not named here is taken not to: a new function needs an entry before a condition with it is read in parts.
"""

from typing import Final

from jobs.expressions.entries import Entry, Table
from jobs.expressions.functions import FUNCTIONS
from jobs.expressions.methods import METHODS
from jobs.expressions.texts import TEXTS
from jobs.expressions.times import TIMES
from jobs.expressions.tree import Call, Chain, Choice, Column, Comparison, Constant, Field, Logic, Negation, Node, Sign

_FUNCTIONS: Final = (
    "where", "coalesce", "minimum", "maximum", "isnull", "isna", "notnull", "notna", "isfinite", "abs", "round",
    "arctan2", "sqrt", "cbrt", "exp", "expm1", "log", "log2", "log10", "log1p", "floor", "ceil", "trunc", "sign",
)  # fmt: skip
_METHODS: Final = (
    "isna", "isnull", "notna", "notnull", "fillna", "isin", "between", "clip", "where", "mask", "replace", "round",
    "abs", "eq", "ne", "lt", "le", "gt", "ge",
)  # fmt: skip
_TEXTS: Final = (
    "lower", "upper", "title", "capitalize", "swapcase", "len", "strip", "lstrip", "rstrip", "contains", "match",
    "fullmatch", "startswith", "endswith", "get", "slice", "removeprefix", "removesuffix",
)  # fmt: skip
_TIMES: Final = ("floor", "ceil", "round", "normalize", "as_unit", "total_seconds")
# of the others, a division of integers by zero in one row makes floats of all
_SIGNS: Final = frozenset("+-*/^")


def _named(table: Table, names: tuple[str, ...]) -> frozenset[Entry]:
    return frozenset(table[name] for name in names)


_ENTRIES: Final = (
    _named(FUNCTIONS, _FUNCTIONS) | _named(METHODS, _METHODS) | _named(TEXTS, _TEXTS) | _named(TIMES, _TIMES)
)
_LISTED: Final = frozenset({METHODS["isin"], METHODS["replace"]})


def row_wise(node: Node) -> bool:
    """Whether the node's value in a row is the same whatever other rows the frame has."""
    return _alone(node) and all(map(row_wise, node.children()))


def _alone(node: Node) -> bool:
    if isinstance(node, Chain):
        return _SIGNS.issuperset(node.signs)
    if isinstance(node, Comparison):
        return all(map(_compares_rows, node.signs, node.operands, node.operands[1:]))
    if isinstance(node, Call):
        # a column as the list is all of its values
        lists = node.operands[1:] if node.entry in _LISTED else ()
        return node.entry in _ENTRIES and all(isinstance(operand, Constant) for operand in lists)
    return type(node) in _PLAIN


_PLAIN: Final = frozenset({Column, Constant, Logic, Negation, Sign, Choice, Field})


def _compares_rows(sign: str, left: Node, right: Node) -> bool:
    if sign not in {"in", "not in"}:
        return True
    return isinstance(right, Constant) or (isinstance(left, Constant) and isinstance(left.literal, tuple))
