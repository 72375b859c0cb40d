"""What an allow-list holds: entries with a name, checked parameters and the function that runs."""

import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Final

from jobs.expressions.moments import frequency, zone_name
from jobs.expressions.patterns import check_pattern
from jobs.expressions.values import Clash, Value

REQUIRED: Final = object()
MAX_WIDTH = 10_000
MAX_PLACES = 300
MAX_ITEMS = 2_048
_WIDE_FORMAT = re.compile(r"%[-_0^#]*\d")


@dataclass(frozen=True, slots=True)
class Param:
    """One parameter. `kind` is `value` (any expression) or the kind of literal; `choices` closes the list of texts."""

    name: str
    kind: str = "value"
    default: Any = REQUIRED
    choices: tuple[str, ...] = ()

    def check(self, literal: Any) -> Any:
        """The literal as the entry takes it; raises Clash with what would be right."""
        if literal is None and self.default is None:
            return None
        checked = _KINDS[self.kind](literal)
        if self.choices and checked not in self.choices:
            raise Clash(f"{self.name} is one of {', '.join(map(repr, self.choices))}, not {literal!r}")
        return checked

    def spelt(self) -> str:
        """The parameter as the reference shows it."""
        return self.name if self.default is REQUIRED else f"{self.name}={self.default!r}"


@dataclass(frozen=True, slots=True)
class Entry:
    """A function or method: `apply(index, *targets, **arguments)`; `many` takes any number of values instead of
    `params`. `verify` checks the literals together when the call is parsed.
    """

    name: str
    summary: str
    apply: Callable[..., Value]
    params: tuple[Param, ...] = ()
    many: bool = False
    verify: Callable[[Mapping[str, Any]], None] | None = None

    def signature(self) -> str:
        """The call as the reference shows it."""
        return f"{self.name}({'a, b, …' if self.many else ', '.join(param.spelt() for param in self.params)})"


Table = Mapping[str, Entry]


def table(entries: Iterable[Entry]) -> Table:
    """Entries by name; raises ValueError where two have one name, so that a table cannot shadow itself."""
    found: dict[str, Entry] = {}
    for entry in entries:
        if entry.name in found:
            raise ValueError(entry.name)
        found[entry.name] = entry
    return found


def _text(literal: Any) -> str:
    if not isinstance(literal, str):
        raise Clash(f"wants a text literal, not {literal!r}")
    return literal


def _letter(literal: Any) -> str:
    if not isinstance(literal, str) or len(literal) != 1:
        raise Clash(f"wants a single character, not {literal!r}")
    return literal


def _flag(literal: Any) -> bool:
    if not isinstance(literal, bool):
        raise Clash(f"wants True or False, not {literal!r}")
    return literal


def _integer(literal: Any) -> int:
    if isinstance(literal, bool) or not isinstance(literal, int) or abs(literal) > 2**31:
        raise Clash(f"wants an integer literal, not {literal!r}")
    return literal


def _width(literal: Any) -> int:
    width = _integer(literal)
    if not 0 <= width <= MAX_WIDTH:
        raise Clash(f"wants an integer of 0 to {MAX_WIDTH:,}, not {literal}")
    return width


def _places(literal: Any) -> int:
    places = _integer(literal)
    if abs(places) > MAX_PLACES:
        raise Clash(f"wants an integer of -{MAX_PLACES} to {MAX_PLACES}, not {literal}")
    return places


def _number(literal: Any) -> float:
    if isinstance(literal, bool) or not isinstance(literal, (int, float)):
        raise Clash(f"wants a number literal, not {literal!r}")
    return literal


def _items(literal: Any) -> tuple[Any, ...]:
    return literal if isinstance(literal, tuple) else (literal,)


def _texts(literal: Any) -> tuple[str, ...]:
    return tuple(_text(item) for item in _items(literal))


def _pattern(literal: Any) -> str:
    return check_pattern(_text(literal))


def _zone(literal: Any) -> str:
    return zone_name(_text(literal))


def _frequency(literal: Any) -> str:
    return frequency(_text(literal))


def _kept(literal: Any) -> str | bool:
    if literal is not False and literal not in ("first", "last"):
        raise Clash(f"wants 'first', 'last' or False, not {literal!r}")
    return literal  # type: ignore[no-any-return]  # one of the three


def _fraction(literal: Any) -> float:
    fraction = _number(literal)
    if not 0 <= fraction <= 1:
        raise Clash(f"wants a number from 0 to 1, not {literal!r}")
    return fraction


def _format(literal: Any) -> str:
    text = _text(literal)
    if len(text) > 100 or _WIDE_FORMAT.search(text):
        raise Clash("wants a format such as '%Y-%m', without widths")
    return text


_KINDS: Mapping[str, Callable[[Any], Any]] = {
    "text": _text,
    "letter": _letter,
    "flag": _flag,
    "integer": _integer,
    "width": _width,
    "places": _places,
    "number": _number,
    "items": _items,
    "texts": _texts,
    "pattern": _pattern,
    "maybe_pattern": _text,
    "zone": _zone,
    "fraction": _fraction,
    "format": _format,
    "frequency": _frequency,
    "kept": _kept,
}
