"""Conditions as pandas source, in three-valued logic: where one is true, and where one is false.

A null is neither. pandas' comparisons are False (or NA) where a side is null, but for `!=` and `~`; so negations are
pushed down to the comparisons, which turn round, and `!=` asks for a value beside.
"""

from collections.abc import Callable
from typing import Final

import pandas as pd

from jobs.expressions.tree import Call, Chain, Comparison, Constant, Logic, Negation, Node
from jobs.script.code import literal, moment
from jobs.script.kinds import COMPARING, NEVER_NULL, is_condition, is_scalar, kind_of
from jobs.script.source import AND, COMPARE, OR, SIGN, Source, joined

_OPPOSITE: Final = {"==": "!=", "!=": "==", "<": ">=", ">=": "<", ">": "<=", "<=": ">", "in": "not in", "not in": "in"}
_MIRRORED: Final = {"<": ">", ">": "<", "<=": ">=", ">=": "<=", "==": "==", "!=": "!="}


class Conditions:
    """Renders conditions; `value` renders the values in them.

    `exact`: null where the condition is null and its column can say so, as a column of it must be. Without it null may
    be False, which is the same to a filter.
    """

    def __init__(self, value: Callable[[Node], Source], *, exact: bool) -> None:
        self._value, self._exact = value, exact

    def true(self, node: Node) -> Source:
        """Where the condition is true."""
        return self._of(node, holds=True)

    def false(self, node: Node) -> Source:
        """Where the condition is false."""
        return self._of(node, holds=False)

    def _of(self, node: Node, *, holds: bool) -> Source:
        if isinstance(node, Comparison):
            return self._comparisons(node, holds=holds)
        if isinstance(node, Logic):
            every = node.every == holds
            parts = [self._of(operand, holds=holds) for operand in node.operands]
            return joined("&" if every else "|", parts, AND if every else OR)
        if isinstance(node, Negation):
            return self._of(node.operands[0], holds=not holds)
        if isinstance(node, Chain) and is_condition(node):
            return self._either(node, holds=holds)
        if isinstance(node, Call) and is_condition(node):
            return self._call(node, holds=holds)
        if isinstance(node, Constant) and isinstance(node.literal, bool):
            return Source(literal(node.literal == holds))
        value = self._value(node)
        return value if holds else Source(f"~{value.within(SIGN)}", SIGN)

    def _either(self, node: Chain, *, holds: bool) -> Source:
        """`a ^ b`: true of one and false of the other; null where one is."""
        one, *others = node.operands
        if len(others) > 1:
            return self._either(Chain((Chain((one, *others[:-1]), node.signs[:-1]), others[-1]), ("^",)), holds=holds)
        two = others[0]
        this = [self.true(one), self._of(two, holds=not holds)]
        that = [self.false(one), self._of(two, holds=holds)]
        return joined("|", [joined("&", this, AND), joined("&", that, AND)], OR)

    def _comparisons(self, node: Comparison, *, holds: bool) -> Source:
        pairs = zip(node.signs, node.operands, node.operands[1:], strict=False)
        parts = [self._compared(sign, left, right, holds=holds) for sign, left, right in pairs]
        return joined("&", parts, AND) if holds else joined("|", parts, OR)

    def _compared(self, sign: str, left: Node, right: Node, *, holds: bool) -> Source:
        if sign not in ("in", "not in") and _is_list(right):
            sign = "not in" if sign == "!=" else "in"
        if not holds:
            sign = _OPPOSITE[sign]
        if sign in ("in", "not in"):
            return self._member(left, right, holds=sign == "in")
        if isinstance(left, Constant) and not isinstance(right, Constant):
            left, right, sign = right, left, _MIRRORED[sign]
        one, two = self._beside(left, right), self._beside(right, left)
        compared = Source(f"{one.within(OR)} {sign} {two.within(OR)}", COMPARE)
        return self._with_values(compared, left, right) if sign == "!=" else compared

    def _beside(self, node: Node, other: Node) -> Source:
        """An operand; a time without a zone as text, which pandas reads in the column's own zone."""
        if isinstance(node, Constant) and isinstance(node.literal, pd.Timestamp) and not is_scalar(other):
            return Source(literal(moment(node.literal))) if node.literal.tz is None else self._value(node)
        return self._value(node)

    def _with_values(self, condition: Source, *nodes: Node) -> Source:
        """The condition where none of these is null."""
        parts = [condition]
        for node in nodes:
            if not is_scalar(node):
                value = self._value(node)
                known = f"{value.within(OR)} == {value.within(OR)}" if self._exact else f"{value.atom}.notna()"
                parts.append(Source(known, COMPARE) if self._exact else Source(known))
        return joined("&", parts, AND)

    def _member(self, value: Node, items: Node, *, holds: bool) -> Source:
        """`in` is never null, and a null is in a list only that names None."""
        target = self._value(value).atom
        if isinstance(items, Constant) and isinstance(items.literal, tuple):
            listed = [one for one in items.literal if one is not None]
            found = Source(f"{target}.isin({literal(listed)})")
            if len(listed) < len(items.literal):
                found = joined("|", [found, Source(f"{target}.isna()")], OR)
        else:
            found = Source(f"{target}.isin({self._value(items).text})")
        return found if holds else Source(f"~{found.within(SIGN)}", SIGN)

    def _call(self, node: Call, *, holds: bool) -> Source:
        name = node.entry.name
        if name in COMPARING:
            return self._compared(COMPARING[name], *node.operands, holds=holds)
        if name == "isin":
            return self._member(*node.operands, holds=holds)
        if name in ("isna", "isnull", "notna", "notnull"):
            asked = name.startswith("is") == holds
            return Source(f"{self._value(node.operands[0]).atom}.{'isna' if asked else 'notna'}()")
        found = self._value(node)
        if holds:
            return found
        other = Source(f"~{found.within(SIGN)}", SIGN)
        never = name in NEVER_NULL or kind_of(node) == "function"
        return other if never else self._with_values(other, node.operands[0])


def _is_list(node: Node) -> bool:
    return isinstance(node, Constant) and isinstance(node.literal, tuple)
