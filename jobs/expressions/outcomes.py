"""What a condition can come to over rows of which only the least and the greatest values are known.

Comparison is monotone, so what the very `compare` says of the two ends holds for all between them: what equals what,
how text, dates and decimals are ordered, has no second meaning here. Where nothing can be told, all is possible.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
import pandas as pd

from jobs.expressions.compare import compare
from jobs.expressions.entries import Entry
from jobs.expressions.functions import FUNCTIONS
from jobs.expressions.methods import METHODS
from jobs.expressions.normal import load
from jobs.expressions.texts import TEXTS
from jobs.expressions.tree import Call, Column, Comparison, Constant, Field, Logic, Negation, Node
from jobs.expressions.values import Clash, WrittenFloat, family


@dataclass(frozen=True, slots=True)
class Range:
    """What is known of a column's rows: the `ends` are its least and greatest values, where they are known.

    `nulls` says whether there may be nulls (or NaN) among them, `values` whether there may be anything else.
    """

    ends: pd.Series | None = None
    nulls: bool = True
    values: bool = True


@dataclass(frozen=True, slots=True)
class Outcomes:
    """Which of the three values a condition may have in some row; too many are no error."""

    true: bool = True
    false: bool = True
    null: bool = True


Ranges = Mapping[str, Range]
_ANY: Final = Outcomes()
_MIRRORED: Final = {"<": ">", "<=": ">=", ">": "<", ">=": "<=", "==": "==", "!=": "!="}
_SIGN_OF: Final[Mapping[Entry, str]] = {
    METHODS[name]: sign
    for name, sign in (("eq", "=="), ("ne", "!="), ("lt", "<"), ("le", "<="), ("gt", ">"), ("ge", ">="))
}
_NULL: Final = frozenset(known[name] for known in (METHODS, FUNCTIONS) for name in ("isna", "isnull"))
_NOT_NULL: Final = frozenset(known[name] for known in (METHODS, FUNCTIONS) for name in ("notna", "notnull"))
_LISTED: Final = METHODS["isin"]
_BETWEEN: Final = METHODS["between"]
_TEXTS: Final = frozenset(TEXTS[name] for name in ("startswith", "endswith", "contains", "match", "fullmatch", "len"))
_SAFE: Final = frozenset({*_SIGN_OF, *_NULL, *_NOT_NULL, _LISTED, _BETWEEN}) | _TEXTS
# as floats, larger integers are several at once
_EXACT: Final = 2**53


def harmless(node: Node) -> bool:
    """Whether no value of a row can make the node fail: rows that meet no condition then need not be looked at.

    Its columns are numbers, conditions, texts, dates or times. What does not go with their dtypes fails without rows.
    """
    known = isinstance(node, (Column, Constant, Comparison, Logic, Negation, Field))
    return (known or (isinstance(node, Call) and node.entry in _SAFE)) and all(map(harmless, node.children()))


def may_be_true(node: Node, ranges: Ranges) -> bool:
    """Whether a row may meet the condition; false only where none can."""
    return outcomes(node, ranges).true


def outcomes(node: Node, ranges: Ranges) -> Outcomes:
    """What a condition may come to in some row."""
    if isinstance(node, Comparison):
        pairs = zip(node.signs, node.operands, node.operands[1:], strict=False)
        return _every([_pair(sign, left, right, ranges) for sign, left, right in pairs])
    if isinstance(node, Logic):
        parts = [outcomes(operand, ranges) for operand in node.operands]
        return _every(parts) if node.every else _not(_every([_not(part) for part in parts]))
    if isinstance(node, Negation):
        return _not(outcomes(node.operands[0], ranges))
    if isinstance(node, Call):
        return _called(node, ranges)
    return _pair("==", node, Constant(literal=True), ranges) if isinstance(node, Column) else _ANY


def _not(one: Outcomes) -> Outcomes:
    return Outcomes(one.false, one.true, one.null)


def _every(parts: list[Outcomes]) -> Outcomes:
    return Outcomes(
        all(part.true for part in parts), any(part.false for part in parts), any(part.null for part in parts)
    )


def _called(node: Call, ranges: Ranges) -> Outcomes:
    target, entry = node.operands[0], node.entry
    if entry in _SIGN_OF:
        return _pair(_SIGN_OF[entry], target, node.operands[1], ranges)
    if entry is _LISTED:
        return _pair("in", target, node.operands[1], ranges)
    if entry is _BETWEEN:
        inclusive = node.literals["inclusive"]
        low = ">=" if inclusive in {"both", "left"} else ">"
        high = "<=" if inclusive in {"both", "right"} else "<"
        left, right = (_pair(sign, target, node.operands[at], ranges) for sign, at in ((low, 1), (high, 2)))
        return _every([left, right])
    known = ranges.get(target.name) if isinstance(target, Column) else None
    if known is None or entry not in _NULL | _NOT_NULL:
        return _ANY
    is_null = Outcomes(known.nulls, known.values, null=False)
    return is_null if entry in _NULL else _not(is_null)


def _pair(sign: str, left: Node, right: Node, ranges: Ranges) -> Outcomes:
    if isinstance(left, Constant) and isinstance(right, Column) and sign in _MIRRORED:
        left, right, sign = right, left, _MIRRORED[sign]
    known = ranges.get(left.name) if isinstance(left, Column) else None
    if known is None or not isinstance(right, Constant) or right.literal is None:
        return _ANY
    if isinstance(right.literal, tuple):
        found = _listed(known, right.literal)
        return found if sign in {"in", "=="} else _not(found) if sign in {"not in", "!="} else _ANY
    if sign == "!=":
        return _not(_compared("==", known, right.literal))
    return _compared(sign, known, right.literal) if sign in _MIRRORED else _ANY


def _compared(sign: str, known: Range, literal: Any) -> Outcomes:
    if known.ends is None:
        return Outcomes(known.values, known.values, known.nulls)
    said = {one: _at_ends(one, known.ends, literal) for one in ({sign} if sign != "==" else {"==", "<", ">"})}
    if any(ends is None for ends in said.values()):
        return _ANY
    least, greatest = said[sign] or (True, True)
    if sign == "==":
        outside = (said["<"] or (True, True))[1] or (said[">"] or (True, True))[0]
        return Outcomes(not outside, not (least and greatest), known.nulls)
    return Outcomes(least or greatest, not (least and greatest), known.nulls)


def _at_ends(sign: str, ends: pd.Series, literal: Any) -> tuple[bool, bool] | None:
    """What the comparison says of the least and of the greatest value; None where it says nothing."""
    try:
        with np.errstate(all="ignore"):
            found = compare(sign, load(ends), literal)
    except (Clash, ValueError, TypeError, OverflowError, ArithmeticError):
        return None
    if np.shape(found.truth) != (2,) or found.null is not None:
        return None
    return bool(found.truth[0]), bool(found.truth[1])


def _listed(known: Range, items: tuple[Any, ...]) -> Outcomes:
    """As `in` has it: null is in a list that names None, and in nothing else."""
    wanted = [item for item in items if item is not None]
    null = known.nulls and len(wanted) < len(items)
    if known.ends is None:
        return Outcomes(known.values or null)
    alike = _ALIKE.get(family(load(known.ends)))
    if alike is None or not all(map(alike, wanted)):
        return _ANY
    return Outcomes(null or any(_compared("==", known, item).true for item in wanted))


def _whole(item: Any) -> bool:
    return type(item) is int and abs(item) < _EXACT


def _number(item: Any) -> bool:
    return _whole(item) or isinstance(item, WrittenFloat)


_ALIKE: Final[Mapping[str, Callable[[Any], bool]]] = {
    "int": _whole,
    "float": _number,
    "decimal": _number,
    "text": lambda item: isinstance(item, str),
    "moment": lambda item: isinstance(item, (str, pd.Timestamp)),
}
