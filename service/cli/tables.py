"""Records as a table: as many columns as can be read at the width there is, and a line on what is left out."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from rich import box
from rich.cells import cell_len
from rich.console import Console, ConsoleOptions, RenderResult
from rich.measure import Measurement
from rich.table import Table
from rich.text import Text

from service.cli.words import counted, plain

_CELL_CHARACTERS = 48
_READABLE = 20  # a column may be folded to this width, and no further
_BETWEEN, _EDGE = 3, 1  # what box.SIMPLE_HEAD takes beside the cells: per column, and once


@dataclass(frozen=True, slots=True)
class Records:
    """Records to print; the columns `telling` are shown first of all, `foot` makes the line below from their number."""

    columns: Sequence[str]
    records: Sequence[Mapping[str, Any]]
    title: str = ""
    telling: frozenset[str] = frozenset()
    foot: Callable[[int], str] | None = None

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> RenderResult:
        names = self.fitting(options.max_width)
        yield self._table(names)
        if foot := (self.foot or self._left_out)(len(names)):
            yield Text(foot, style="dim")

    def __rich_measure__(self, console: Console, options: ConsoleOptions) -> Measurement:
        return Measurement.get(console, options, self._table(self.fitting(options.max_width)))

    def fitting(self, width: int) -> list[str]:
        """The columns that can be read side by side in `width` characters, in their order; one at the least."""
        order = sorted(range(len(self.columns)), key=lambda index: (self.columns[index] not in self.telling, index))
        room, chosen = width - _EDGE, list[int]()
        for index in order:
            room -= self._readable(self.columns[index]) + _BETWEEN
            if chosen and room < 0:
                break
            chosen.append(index)
        return [self.columns[index] for index in sorted(chosen)]

    def _readable(self, name: str) -> int:
        widest = max(cell_len(text.plain) for text in (_heading(name), *(_cell(row.get(name)) for row in self.records)))
        return min(widest, _READABLE)

    def _left_out(self, shown: int) -> str:
        return "" if shown == len(self.columns) else f"{shown} of {counted(len(self.columns), 'column')} shown"

    def _table(self, names: Sequence[str]) -> Table:
        title = Text(self.title) if self.title else None
        table = Table(title=title, box=box.SIMPLE_HEAD, title_justify="left", title_style="bold")
        for name in names:
            numeric = any(isinstance(row.get(name), int | float) for row in self.records)
            table.add_column(_heading(name), justify="right" if numeric else "left", overflow="fold")
        for row in self.records:
            table.add_row(*(_cell(row.get(name)) for name in names))
        return table


def _heading(name: str) -> Text:
    return Text(plain(name, _CELL_CHARACTERS))


def _cell(value: Any) -> Text:
    if value is None:
        return Text("null", style="dim")
    if isinstance(value, float):
        return Text(f"{value:,.2f}" if abs(value) >= 1 or value == 0 else f"{value:.4f}")
    return Text(plain(value, _CELL_CHARACTERS))
