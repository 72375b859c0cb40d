"""A piece of an expression's source, and how tightly its outermost operator binds."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

COMPARE, OR, XOR, AND, ADD, MULTIPLY, SIGN, POWER, ATOM = range(9)
LEVELS: Final[Mapping[str, int]] = {
    "+": ADD,
    "-": ADD,
    "*": MULTIPLY,
    "/": MULTIPLY,
    "//": MULTIPLY,
    "%": MULTIPLY,
    "**": POWER,
}


@dataclass(frozen=True, slots=True)
class Source:
    """The text, and its level: what binds tighter has the higher one."""

    text: str
    level: int = ATOM

    def within(self, level: int) -> str:
        """The text, in brackets where an operator of that level would tear it apart."""
        return self.text if self.level >= level else f"({self.text})"

    @property
    def atom(self) -> str:
        """The text, so that a method can be called on it."""
        return self.within(ATOM)


def joined(sign: str, parts: list[Source], level: int) -> Source:
    """The parts with an operator between them that is the same on both sides, `&` or `|`."""
    if len(parts) == 1:
        return parts[0]
    return Source(f" {sign} ".join(part.within(level) for part in parts), level)
