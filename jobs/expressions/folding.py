"""Arithmetic between literals, done at parse time within bounds, so that nothing small in the text grows large."""

import math
import operator
from collections.abc import Callable, Mapping
from decimal import Context, Decimal
from typing import Any

from jobs.expressions.lexer import MAX_INTEGER
from jobs.expressions.tree import Chain, Constant, Node, Sign
from jobs.expressions.values import Clash, WrittenFloat

_CONTEXT = Context(prec=60)
_EXACT: Mapping[str, Callable[[Decimal, Decimal], Decimal]] = {
    "+": _CONTEXT.add,
    "-": _CONTEXT.subtract,
    "*": _CONTEXT.multiply,
}
_PLAIN: Mapping[str, Callable[[Any, Any], Any]] = {
    "+": operator.add,
    "-": operator.sub,
    "*": operator.mul,
    "/": operator.truediv,
    "//": operator.floordiv,
    "%": operator.mod,
    "**": operator.pow,
    "^": operator.xor,
}


def fold(node: Chain | Sign) -> Node:
    """`node`, or its value where all operands are number literals; raises Clash where that value is out of bounds."""
    literals = [operand.literal for operand in node.operands if isinstance(operand, Constant)]
    if any(isinstance(literal, tuple) for literal in literals):
        raise Clash("a list takes no arithmetic; it stands beside in, == or !=")
    if isinstance(node, Chain) and "*" in node.signs and any(isinstance(literal, str) for literal in literals):
        raise Clash("text is not multiplied; x.str.repeat(3) repeats a column's texts")
    if len(literals) < len(node.operands) or not all(map(_is_number, literals)):
        return node
    if isinstance(node, Sign):
        return Constant(_bounded("*", literals[0], -1 if node.sign == "-" else 1))
    result = literals[0]
    for sign, literal in zip(node.signs, literals[1:], strict=True):
        result = _bounded(sign, result, literal)
    return Constant(result)


def _is_number(literal: Any) -> bool:
    return isinstance(literal, (int, float)) and not isinstance(literal, bool)


def _bounded(sign: str, left: Any, right: Any) -> Any:
    if sign == "**" and _digits(left) * abs(right) > 1100 and abs(left) > 1:
        raise Clash(f"{_short(left)} ** {_short(right)} is out of bounds")
    try:
        result = _PLAIN[sign](left, right)
    except (ZeroDivisionError, OverflowError, TypeError, ValueError) as error:
        raise Clash(f"{_short(left)} {sign} {_short(right)}: {error}") from None
    if isinstance(result, complex) or (isinstance(result, int) and abs(result) > MAX_INTEGER):
        raise Clash(f"{_short(left)} {sign} {_short(right)} is out of bounds; an integer goes up to 2**64")
    if isinstance(result, float) and not math.isfinite(result):
        raise Clash(f"{_short(left)} {sign} {_short(right)} is out of bounds; a number goes up to 1.8e308")
    exact = _EXACT.get(sign)
    if isinstance(result, float) and exact is not None and (_known(left) and _known(right)):
        return WrittenFloat(result, exact(_decimal(left), _decimal(right)))
    return result


def _digits(number: Any) -> float:
    return max(1.0, math.log2(abs(number))) if number else 1.0


def _short(number: Any) -> str:
    return f"{number:g}" if isinstance(number, float) else str(number)


def _known(number: Any) -> bool:
    return isinstance(number, (int, WrittenFloat))


def _decimal(number: Any) -> Decimal:
    return number.decimal if isinstance(number, WrittenFloat) else Decimal(number)
