"""The table of `pivot_table` and `crosstab`: aggregates of the rows that meet in each cell, and its margins."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from jobs.errors import ArgumentInvalid
from jobs.transforms.arguments import Scalar
from jobs.transforms.base import Surroundings
from jobs.transforms.reshape.axis import Axis, take
from jobs.transforms.reshape.combinations import Ids
from jobs.transforms.reshape.common import one_column
from jobs.transforms.reshape.grid import cells, check_cells, filled, table, values_of
from jobs.transforms.reshape.labels import JOIN, texts
from jobs.transforms.reshape.totals import Measure, Totals, totals

_TEXT = pd.StringDtype(na_value=np.nan)


@dataclass(frozen=True, slots=True)
class Piece:
    """Measures that are made, and left out where they are null, together."""

    measures: tuple[Measure, ...]
    prefix: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Layout:
    """How the table is made of its cells.

    `counted`: which rows go into the margins, None for no margins. `full`: unobserved categories have cells too.
    """

    fill: Scalar = None
    dropna: bool = True
    counted: Ids | None = None
    margins_name: str = "All"
    full: bool = False
    at: str = "/values"


@dataclass(frozen=True, slots=True)
class Column:
    """One column of the table: its name, its cells, and the cell of the margin below them, one value each."""

    name: str
    body: Any
    below: Any = None

    @property
    def whole(self) -> Any:
        """The cells and the margin."""
        if self.below is None:
            return self.body
        return values_of(pd.concat([pd.Series(self.body), pd.Series(self.below)], ignore_index=True))


@dataclass(frozen=True, slots=True)
class Cross:
    """Rows and columns of a table over a frame; a side without columns of its own has one key."""

    frame: pd.DataFrame
    down: Axis
    across: Axis
    layout: Layout

    def table(self, pieces: Sequence[Piece], around: Surroundings) -> pd.DataFrame:
        """The table; raises OutputTooLarge before it is made."""
        measured = sum(len(piece.measures) for piece in pieces)
        width = self.across.count * measured + len(self.down.names)
        check_cells(self.down.count, width, around, "/columns" if self.across.names else "/index")
        found = [self._cells(piece) for piece in pieces]
        grids = [one.place.reshape(self.down.count, self.across.count) for one in found]
        rows = np.arange(self.down.count)
        if self.layout.dropna:
            rows = np.flatnonzero(np.logical_or.reduce([(grid >= 0).any(axis=1) for grid in grids]))
        columns = [
            column
            for piece, one, grid in zip(pieces, found, grids, strict=True)
            for column in self._columns(piece, one, grid, rows)
        ]
        edged = any(one.below is not None for one in columns)
        if self.layout.dropna:
            columns = [one for one in columns if not np.asarray(pd.isna(one.whole)).all()]
        return self._assembled(rows, columns, edged=edged)

    def flat(self, pieces: Sequence[Piece], around: Surroundings) -> pd.DataFrame:
        """The table without keys down: a row for each measure, called in `column`."""
        check_cells(len(pieces[0].measures), 1 + self.across.count * len(pieces), around, "/columns")
        names, columns, keys = ["column"], [_labels(JOIN.join(one.parts) for one in pieces[0].measures)], self._keys()
        for piece in pieces:
            found = self._cells(piece)
            for number in np.flatnonzero(found.place >= 0):
                at = found.place[number : number + 1]
                row = one_column([pd.Series(cells(values, at)) for values in found.values], self.layout.at)
                row = filled(row, np.asarray(pd.isna(row)), self.layout.fill, "/fill_value")
                if not (self.layout.dropna and np.asarray(pd.isna(row)).all()):
                    names.append(JOIN.join([*piece.prefix, *keys[number]]))
                    columns.append(row)
        down = Axis((), np.empty(0, np.int64), (), len(pieces[0].measures))
        return table(down, names, columns, "/columns")

    def _cells(self, piece: Piece) -> Totals:
        ids = self.down.ids * self.across.count + self.across.ids
        ids = np.where((self.down.ids < 0) | (self.across.ids < 0), -1, ids)
        count, layout = self.down.count * self.across.count, self.layout
        found = totals(self.frame, ids, count, piece.measures, layout.at, full=layout.full)
        if layout.full:
            found = Totals(found.values, np.where(self._occurs().ravel(), found.place, -1))
        by_size = any(one.function == "size" for one in piece.measures)
        return found.present() if layout.dropna and not by_size else found

    def _occurs(self) -> np.ndarray[Any, Any]:
        """Of each cell, whether what is not a loose category of its keys occurs together in a row."""
        down, across = self.down, self.across
        there = (down.strict_ids >= 0) & (across.strict_ids >= 0)
        pairs = np.zeros((int(down.strict.max(initial=0)) + 2, int(across.strict.max(initial=0)) + 2), bool)
        pairs[down.strict_ids[there], across.strict_ids[there]] = True
        if self.frame.empty:
            pairs[0, 0] = True  # keys that there are without rows are loose through and through
        # -1, what occurs in no row, is the last: of no pair
        found: np.ndarray[Any, Any] = pairs[np.ix_(down.strict, across.strict)]
        return found

    def _columns(self, piece: Piece, found: Totals, grid: Ids, rows: Ids) -> list[Column]:
        layout, keys = self.layout, self._keys()
        shown = (grid >= 0).any(axis=0) if layout.dropna and self.across.names else np.ones(self.across.count, bool)
        wanted = np.flatnonzero(shown)
        if layout.counted is None or (not len(wanted) and self.across.names):
            edges = None
        else:
            edges = self._margins(piece, layout.counted)
        columns = []
        for number, (measure, values) in enumerate(zip(piece.measures, found.values, strict=True)):
            for place in wanted:
                body = cells(values, grid[rows, place])
                body = filled(body, np.asarray(pd.isna(body)), layout.fill, "/fill_value")
                below = None if edges is None else edges.below(number, int(place), layout.fill)
                columns.append(Column(JOIN.join([*piece.prefix, *measure.parts, *keys[place]]), body, below))
            if edges is not None and self.across.names:
                name = JOIN.join([*piece.prefix, *measure.parts, layout.margins_name])
                columns.append(Column(name, edges.beside(number, rows), edges.corner(number)))
        return columns

    def _margins(self, piece: Piece, counted: Ids) -> "_Edges":
        def over(ids: Ids, count: int, *, full: bool) -> Totals:
            kept = np.where(counted, ids, -1)
            return totals(self.frame, kept, count, piece.measures, self.layout.at, full=full)

        full = self.layout.full and not self.layout.dropna
        everything = over(np.zeros(len(self.frame), np.int64), 1, full=True)
        if not self.across.names:
            return _Edges(everything, everything, everything)
        below = over(self.across.ids, self.across.count, full=full)
        return _Edges(below, over(self.down.ids, self.down.count, full=full), everything)

    def _keys(self) -> list[tuple[str, ...]]:
        if not self.across.names:
            return [()] * self.across.count
        return list(zip(*map(texts, self.across.keys), strict=True))

    def _assembled(self, rows: Ids, columns: Sequence[Column], *, edged: bool) -> pd.DataFrame:
        down, layout = self.down.only(rows), self.layout
        if not edged:
            return table(down, [one.name for one in columns], [one.body for one in columns], "/columns")
        keys = [texts(key) for key in down.keys]
        check_margin(layout.margins_name, [*keys, *map(list, zip(*self._keys(), strict=True))])
        last = [layout.margins_name, *[""] * (len(keys) - 1)]
        labels = tuple(_labels([*key, edge]) for key, edge in zip(keys, last, strict=True))
        down = Axis(down.names, down.ids, labels, down.count + 1)
        return table(down, [one.name for one in columns], [one.whole for one in columns], "/columns")


@dataclass(frozen=True, slots=True)
class _Edges:
    """The margins: below the columns, beside the rows, and in the corner."""

    below_: Totals
    beside_: Totals
    corner_: Totals

    def below(self, measure: int, place: int, fill: Scalar) -> Any:
        at = self.below_.place[place : place + 1]
        value = cells(self.below_.values[measure], at)
        return filled(value, at < 0, fill, "/fill_value")

    def beside(self, measure: int, rows: Ids) -> Any:
        return cells(self.beside_.values[measure], self.beside_.place[rows])

    def corner(self, measure: int) -> Any:
        return take(self.corner_.values[measure], self.corner_.place)


def check_margin(name: str, keys: Sequence[Sequence[str]]) -> None:
    """Raise ArgumentInvalid where a key is called as the margins are."""
    if any(name in one for one in keys):
        raise ArgumentInvalid(f"{name!r} is a value of a key, so the margins need another name", "/margins_name")


def _labels(given: Any) -> Any:
    return pd.array(list(given), dtype=_TEXT)
