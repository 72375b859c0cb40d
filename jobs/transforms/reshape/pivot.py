"""Values become columns: `pivot` and `unstack`."""

from typing import Any, ClassVar, Final

import pandas as pd
from pydantic import model_validator

from jobs.errors import ArgumentInvalid
from jobs.transforms.arguments import Names, Scalar, name_list, pointer, refusal, require_keys
from jobs.transforms.base import Example, Surroundings, Transform
from jobs.transforms.follows import Follows
from jobs.transforms.reshape.axis import Axis
from jobs.transforms.reshape.long import stacked
from jobs.transforms.reshape.spreading import Spreading, side_of, spread
from jobs.transforms.usage import ALL, Columns

_PRICES: Final[list[dict[str, Any]]] = [
    {"day": "Mon", "fruit": "apple", "price": 3},
    {"day": "Mon", "fruit": "pear", "price": 5},
    {"day": "Tue", "fruit": "apple", "price": 4},
]


class Pivot(Transform):
    """Make columns of the values of `columns`: one row per `index`, one column per value.

    Where a pair of row and column occurs twice the step fails: `pivot_table` aggregates. New columns are named after
    the values: numbers as pandas prints them, dates in ISO 8601, null as `null`; the levels of several are joined with
    `_`, as in `price_apple`. Rows and columns are sorted, null first. Integers and booleans of a cell that is empty
    become nullable, never float.
    """

    op = "pivot"
    family = "reshape"
    follows = Follows.DATA
    example: ClassVar[Example] = Example(
        inputs={"df": _PRICES},
        pipeline=[{"op": "pivot", "index": "day", "columns": "fruit", "values": "price"}],
        result=[{"day": "Mon", "apple": 3, "pear": 5}, {"day": "Tue", "apple": 4, "pear": None}],
    )

    columns: Names
    """The columns whose values name the new columns."""
    index: Names | None = None
    """The columns whose values make the rows; without it, each row stays one of its own."""
    values: Names | None = None
    """The columns to fill the table with: of a name alone the new columns are called `apple`, of a list, and without
    it (all others), `price_apple`."""

    @model_validator(mode="after")
    def _apart(self) -> "Pivot":
        check_apart(self.index, self.columns)
        return self

    def apply(self, frame: pd.DataFrame, around: Surroundings) -> pd.DataFrame:
        """The table."""
        columns = require_keys(frame, "columns", self.columns)
        index = require_keys(frame, "index", self.index)
        values = require_keys(frame, "values", self.values)
        values = values or [str(name) for name in frame.columns if name not in {*columns, *index}]
        require_keys(frame, "values", tuple(values) or None)
        across = side_of(frame, columns, around, "columns", "/columns")
        down = side_of(frame, index, around, "rows", "/index") if index else Axis.of_rows(len(frame))
        lone = isinstance(self.values, str)
        return spread(frame, down, across, values, around, Spreading(lone=lone, twice="/index"))

    def needs(self, wanted: Columns) -> Columns:  # noqa: ARG002  # which rows there are, all of these decide
        """The keys and the values."""
        if self.values is None:
            return ALL
        return frozenset([*name_list(self.columns), *name_list(self.index), *name_list(self.values)])


class Unstack(Transform):
    """Take columns `on` for the index, and make columns of one (or some) of them; all other columns are the values.

    New columns are called after their column and value, `price_apple`; see `pivot` for names, order and nulls. Where
    `level` is all of `on`, the result has one row per value: `column`, the index, and the value in `unstack`.
    """

    op = "unstack"
    family = "reshape"
    follows = Follows.DATA
    example: ClassVar[Example] = Example(
        inputs={"df": _PRICES},
        pipeline=[{"op": "unstack", "on": ["day", "fruit"], "fill_value": 0}],
        result=[{"day": "Mon", "price_apple": 3, "price_pear": 5}, {"day": "Tue", "price_apple": 4, "price_pear": 0}],
    )

    on: Names
    """The columns that act as the index, the outermost first."""
    level: int | str | tuple[int | str, ...] = -1
    """Which of `on` become columns: names or positions, -1 being the last."""
    fill_value: Scalar = None
    """What to put into empty cells; null leaves them null."""
    sort: bool = True
    """Sort rows and columns; false: in order of first appearance."""

    @model_validator(mode="after")
    def _levels_known(self) -> "Unstack":
        names = name_list(self.on)
        if len(set(names)) < len(names):
            raise refusal(ArgumentInvalid("a column stands in 'on' twice"), "/on")
        for place, one in enumerate(self._given()):
            known = one in names if isinstance(one, str) else -len(names) <= one < len(names)
            if not known:
                at = pointer("level", place) if isinstance(self.level, tuple) else "/level"
                raise refusal(ArgumentInvalid(f"no level {one!r} in 'on'; there is {', '.join(names)}"), at)
        if not self._given() or len(set(self._levels())) < len(self._given()):
            raise refusal(ArgumentInvalid("'level' names each column once, and one at least"), "/level")
        return self

    def _given(self) -> tuple[int | str, ...]:
        return self.level if isinstance(self.level, tuple) else (self.level,)

    def _levels(self) -> list[str]:
        names = name_list(self.on)
        return [one if isinstance(one, str) else names[one] for one in self._given()]

    def apply(self, frame: pd.DataFrame, around: Surroundings) -> pd.DataFrame:
        """The table."""
        on = require_keys(frame, "on", self.on)
        values = [str(name) for name in frame.columns if name not in on]
        across, down = self._levels(), [name for name in on if name not in self._levels()]
        if not down:
            return stacked(frame, on, "unstack", around, by_column=True)
        require_keys(frame, "on", tuple(values) or None)
        columns = side_of(frame, across, around, "columns", "/on", sort=self.sort)
        rows = side_of(frame, down, around, "rows", "/on", sort=self.sort)
        return spread(frame, rows, columns, values, around, Spreading(fill=self.fill_value, twice="/on"))


def check_apart(index: Names | None, columns: Names | None) -> None:
    """Check that no column is a key twice."""
    keys = [("index", name) for name in name_list(index)] + [("columns", name) for name in name_list(columns)]
    seen: set[str] = set()
    for argument, name in keys:
        if name in seen:
            raise refusal(
                ArgumentInvalid(f"column {name!r} is a key twice, and a key stands in one place"), f"/{argument}"
            )
        seen.add(name)
