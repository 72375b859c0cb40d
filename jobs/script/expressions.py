"""Expressions as pandas source."""

from collections.abc import Callable, Mapping
from typing import Any

from jobs.expressions import Expression
from jobs.expressions.tree import Call, Chain, Choice, Column, Constant, Field, Node, Sign
from jobs.script.calls import call
from jobs.script.code import literal
from jobs.script.conditions import Conditions
from jobs.script.kinds import is_condition, is_scalar
from jobs.script.source import ATOM, LEVELS, POWER, SIGN, XOR, Source

_CALENDAR = {"isoyear": "year", "week": "week"}


class Expressions:
    """Renders expressions over the frame in the variable `frame`."""

    def __init__(self, frame: str) -> None:
        self._frame = frame
        self._exact = Conditions(self._value, exact=True)
        self._loose = Conditions(self._value, exact=False)
        self._handlers: Mapping[type[Node], Callable[[Any], Source]] = {
            Call: self._called,
            Chain: self._chain,
            Choice: lambda node: self._choice(*node.operands),
            Column: self._column,
            Constant: self._constant,
            Field: self._field,
            Sign: self._sign,
        }

    def column(self, expression: Expression) -> str:
        """A new column; what is one value for the whole frame stays one."""
        return self._value(expression.tree).text

    def mask(self, expression: Expression) -> str:
        """The rows for which a condition is true; where it is null the mask may be NA, which selects nothing."""
        return self._loose.true(expression.tree).text

    def certain(self, expression: Expression) -> str:
        """As `mask`, never NA."""
        return f"{self._loose.true(expression.tree).atom}.fillna(False)"

    def _value(self, node: Node) -> Source:
        if is_condition(node) and not isinstance(node, Call):
            return self._exact.true(node)
        handler = self._handlers.get(type(node))
        return self._exact.true(node) if handler is None else handler(node)  # and, or, not of columns

    def _constant(self, node: Constant) -> Source:
        return Source(literal(node.literal), SIGN if _negative(node.literal) else ATOM)

    def _column(self, node: Column) -> Source:
        return Source(f"{self._frame}[{literal(node.name)}]")

    def _sign(self, node: Sign) -> Source:
        return Source(f"{node.sign}{self._number(node.operands[0]).within(SIGN)}", SIGN)

    def _number(self, node: Node) -> Source:
        """An operand of arithmetic, where a condition counts as 0 and 1."""
        if not is_condition(node) or is_scalar(node):
            return self._value(node)
        return Source(f'{self._exact.true(node).atom}.astype("Int64")')

    def _chain(self, node: Chain) -> Source:
        result = self._number(node.operands[0])
        for sign, operand in zip(node.signs, node.operands[1:], strict=True):
            level = LEVELS.get(sign, XOR)
            right = self._number(operand)
            left = result.within(level + 1 if level == POWER else level)
            result = Source(f"{left} {sign} {right.within(level if level == POWER else level + 1)}", level)
        return result

    def _choice(self, condition: Node, yes: Node, no: Node) -> Source:
        true = self._loose.true(condition)
        if is_scalar(yes) and is_scalar(no):
            first, second, method = (yes, no, "where") if not _is_none(yes) else (no, yes, "mask")
            spread = f"pd.Series({self._value(first).text}, index={self._frame}.index)"
            chosen = true.text if method == "where" else f"{true.atom}.fillna(False)"
            return Source(f"{spread}.{method}({chosen}{self._other(second)})")
        if is_scalar(yes):
            return Source(f"{self._value(no).atom}.mask({true.atom}.fillna(False){self._other(yes)})")
        return Source(f"{self._value(yes).atom}.where({true.text}{self._other(no)})")

    def _other(self, node: Node) -> str:
        return "" if _is_none(node) else f", {self._value(node).text}"

    def _field(self, node: Field) -> Source:
        times = f"{self._value(node.operands[0]).atom}.dt"
        if node.name in _CALENDAR:
            return Source(f"{times}.isocalendar()[{literal(_CALENDAR[node.name])}]")
        if node.name == "date":
            return Source(f"{times}.normalize().dt.tz_localize(None)")
        return Source(f"{times}.{node.name}")

    def _called(self, node: Call) -> Source:
        name = node.entry.name
        if name == "where" and not node.literals and len(node.operands) == 3 and node.names == ("cond", "a", "b"):
            return self._choice(*node.operands)
        if name in ("where", "mask"):
            target, condition, other = node.operands
            if name == "where":
                return self._choice(condition, target, other)
            kept = f"{self._loose.true(condition).atom}.fillna(False)"
            return Source(f"{self._value(target).atom}.mask({kept}{self._other(other)})")
        if is_condition(node) and name in _COMPARED:
            return self._exact.true(node)
        return call(node, self._value, self._loose.true, self._loose.false)


_COMPARED = frozenset({"eq", "ne", "lt", "le", "gt", "ge", "isin", "isna", "isnull", "notna", "notnull"})


def _negative(value: object) -> bool:
    return isinstance(value, (int, float)) and not isinstance(value, bool) and value < 0


def _is_none(node: Node) -> bool:
    return isinstance(node, Constant) and node.literal is None
