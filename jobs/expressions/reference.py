"""The tables of the reference in docs/expressions.md, written from the allow-lists themselves."""

from collections.abc import Iterable

from jobs.expressions.entries import Entry, Table
from jobs.expressions.functions import FUNCTIONS
from jobs.expressions.methods import METHODS
from jobs.expressions.periods import PERIOD_FIELDS
from jobs.expressions.texts import TEXTS
from jobs.expressions.times import MOMENT_FIELDS, SPAN_FIELDS, TIMES


def reference() -> str:
    """All functions, methods and properties as Markdown tables."""
    sections = (
        _entries("Functions", "", FUNCTIONS),
        _entries("Methods of a column", "x.", METHODS),
        _entries("Methods of text", "x.str.", TEXTS),
        _entries("Methods of dates and durations", "x.dt.", TIMES),
        _fields("Properties of dates and times", {name: what for name, (what, _) in MOMENT_FIELDS.items()}),
        _fields("Properties of durations", {name: what for name, (what, _) in SPAN_FIELDS.items()}),
        _fields("Properties of periods", {name: what for name, (what, _) in PERIOD_FIELDS.items()}),
    )
    return "\n".join(sections)


def _entries(title: str, prefix: str, table: Table) -> str:
    return _table(title, ((f"{prefix}{entry.signature()}", entry.summary) for entry in _sorted(table)))


def _fields(title: str, fields: dict[str, str]) -> str:
    return _table(title, ((f"x.dt.{name}", fields[name]) for name in sorted(fields)))


def _sorted(table: Table) -> list[Entry]:
    return [table[name] for name in sorted(table)]


def _table(title: str, rows: Iterable[tuple[str, str]]) -> str:
    lines = [f"### {title}\n", "| call | gives |", "|---|---|", *(f"| `{call}` | {what} |" for call, what in rows), ""]
    return "\n".join(lines)
