"""Pieces of Python source: literals, and chains of calls that break over lines where they are long."""

import keyword
import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from decimal import Decimal
from typing import Any, Final

import numpy as np
import pandas as pd

WIDTH: Final = 100
_INDENT: Final = "    "


def literal(value: Any) -> str:
    """A value of JSON, or of an expression, as Python writes it."""
    if isinstance(value, Mapping):
        return "{" + ", ".join(f"{literal(key)}: {literal(one)}" for key, one in value.items()) + "}"
    if isinstance(value, (list, tuple)):
        return "[" + ", ".join(map(literal, value)) + "]"
    if isinstance(value, pd.Timestamp):
        return f'pd.Timestamp("{moment(value)}")'
    if isinstance(value, pd.Timedelta):
        return f'pd.Timedelta("{str(value).removesuffix(" 00:00:00")}")'
    if isinstance(value, pd.DateOffset):
        return f"pd.DateOffset({', '.join(f'{name}={count}' for name, count in value.kwds.items())})"
    if isinstance(value, Decimal):
        return _float(float(value))
    return _quoted(value.item() if isinstance(value, np.generic) else value)


def moment(value: pd.Timestamp) -> str:
    """A time as text, midnight as its day alone."""
    return str(value).removesuffix(" 00:00:00")


def _quoted(value: Any) -> str:
    """Strings with double quotes, as most code has them; a float by its own name where it is a subclass."""
    if isinstance(value, str):
        written = repr(value)
        return written if '"' in value or written[0] == '"' else '"' + written[1:-1].replace("\\'", "'") + '"'
    if isinstance(value, float):
        return _float(float(value))
    return repr(value)


def _float(value: float) -> str:
    """A number that runs: `inf` and `nan` are no names of Python."""
    return repr(value) if math.isfinite(value) else f'float("{value}")'


def named(arguments: Mapping[str, str]) -> list[str]:
    """Keyword arguments; names that are no identifiers go into a dict."""
    plain = [f"{name}={text}" for name, text in arguments.items() if _is_name(name)]
    odd = [f"{literal(name)}: {text}" for name, text in arguments.items() if not _is_name(name)]
    return [*plain, *(["**{" + ", ".join(odd) + "}"] if odd else [])]


def _is_name(text: str) -> bool:
    return text.isascii() and text.isidentifier() and not keyword.iskeyword(text)


def ordered(arguments: Mapping[str, str]) -> list[str]:
    """Keyword arguments that keep their order, which a dict behind names would not."""
    if all(map(_is_name, arguments)):
        return named(arguments)
    return ["**{" + ", ".join(f"{literal(name)}: {text}" for name, text in arguments.items()) + "}"]


@dataclass(frozen=True, slots=True)
class Link:
    """One part of a chain: `.name(arguments)`, or `[arguments]` where it has no name."""

    name: str
    arguments: tuple[str, ...]

    def text(self) -> str:
        """On one line."""
        inside = ", ".join(self.arguments)
        return f".{self.name}({inside})" if self.name else f"[{inside}]"

    def lines(self, room: int) -> list[str]:
        """On one line where that is no longer than `room`, else an argument a line."""
        if len(self.text()) <= room or not self.arguments:
            return [self.text()]
        opening, closing = (f".{self.name}(", ")") if self.name else ("[", "]")
        return [opening, *(f"{_INDENT}{one}," for one in self.arguments), closing] if self.name else [self.text()]


@dataclass(frozen=True, slots=True)
class Chain:
    """Calls one after another on what `head` says."""

    head: str
    links: tuple[Link, ...] = ()

    def call(self, name: str, /, *arguments: str, **more: str) -> "Chain":
        """With a method call behind it; all arguments are source."""
        return replace(self, links=(*self.links, Link(name, (*arguments, *named(more)))))

    def item(self, inside: str) -> "Chain":
        """With a subscript behind it."""
        return replace(self, links=(*self.links, Link("", (inside,))))

    def text(self) -> str:
        """On one line."""
        return self.head + "".join(link.text() for link in self.links)

    def statement(self, target: str) -> list[str]:
        """`target = chain`, in lines of about 100 characters."""
        whole = f"{target} = {self.text()}"
        if len(whole) <= WIDTH or not self.links:
            return [whole]
        if len(self.links) == 1:
            first, *rest = self.links[0].lines(0)
            return [f"{target} = {self.head}{first}", *rest]
        lines = [f"{target} = (", f"{_INDENT}{self.head}"]
        for place, link in enumerate(self.links):
            if not link.name or (place == 0 and len(lines[-1] + link.text()) <= WIDTH):
                lines[-1] += link.text()
                continue
            lines += [_INDENT + line for line in link.lines(WIDTH - len(_INDENT))]
        return [*lines, ")"]


def given(arguments: Mapping[str, Any], names: Iterable[str] | None = None) -> dict[str, str]:
    """Arguments (all, or those of these names that are there) with their values as source."""
    wanted = arguments if names is None else [name for name in names if name in arguments]
    return {name: literal(arguments[name]) for name in wanted}
