"""Verbs of `groupby` that give a row for each row: ranks, running sums, rows before and after, numbers of rows."""

from typing import Any, Final, Literal

import pandas as pd
from pydantic import Field

from jobs.codecs.blocks import frame_of
from jobs.transforms.arguments import Scalar
from jobs.transforms.base import Surroundings
from jobs.transforms.groups.along import along, numbered
from jobs.transforms.groups.functions import LARGEST
from jobs.transforms.groups.kernels import naming
from jobs.transforms.groups.verb import Groups, OfColumns, OfNumbers, Verb
from jobs.transforms.usage import Columns, plus

_PASSES: Final = frozenset({"shift", "ffill", "bfill"})


class RowWise(OfColumns):
    """The base of those whose result has the chosen columns, without the keys, in the frame's row order."""

    def apply(self, verb: str, frame: pd.DataFrame, groups: Groups, _: Surroundings) -> pd.DataFrame:
        """The chosen columns, changed."""
        places = self.places(frame, groups.by)
        grouping = groups.of(frame, observed=True)
        given = self.given()
        made: list[Any] = []
        for place in places:
            name, dtype = str(frame.columns[place]), frame.dtypes.iloc[place]
            with naming(verb, name, dtype, ""):
                made.append(along(frame.iloc[:, place], grouping, verb, given))
        return frame_of([str(frame.columns[place]) for place in places], made, len(frame))

    def needs(self, verb: str, wanted: Columns, keys: frozenset[str]) -> Columns:
        """The keys and the columns; where no value can be refused, what is wanted of all columns."""
        if self.columns is None and verb in _PASSES and self.given().get("fill_value") is None:
            return plus(wanted, keys)
        return super().needs(verb, wanted, keys)


class Cumulative(RowWise, OfNumbers):
    """Running sums, products and extremes."""

    skipna: bool = True
    """Pass nulls over; false: everything behind a null of the group is null."""


class Shift(RowWise):
    """The value of an earlier row of the group."""

    periods: int = Field(1, ge=-LARGEST, le=LARGEST)
    """By how many rows; negative: from later rows."""
    fill_value: Scalar = None
    """What stands where there is no such row; without it, null."""


class Apart(RowWise):
    """Differences from an earlier row of the group."""

    periods: int = Field(1, ge=-LARGEST, le=LARGEST)
    """How many rows before; negative: behind."""


class Rank(RowWise):
    """The place of a value in its group."""

    method: Literal["average", "min", "max", "first", "dense"] = "average"
    """What equal values get: the mean of their places, the least, the largest, their order, or no gap after them."""
    ascending: bool = True
    """From the smallest value; false: from the largest."""
    na_option: Literal["keep", "top", "bottom"] = "keep"
    """Nulls have no rank, the least ones, or the last ones."""
    pct: bool = False
    """As a fraction of the number of values."""


class Fill(RowWise):
    """Nulls filled with the group's value before or behind."""

    limit: int | None = Field(None, ge=1, le=LARGEST)
    """At most so many nulls in a row."""


class Numbers(Verb):
    """The number of each row's group, or of the row in its group: one column named after the verb."""

    ascending: bool = True
    """From the first; false: from the last."""

    def apply(self, verb: str, frame: pd.DataFrame, groups: Groups, _: Surroundings) -> pd.DataFrame:
        """One column, a row for each row."""
        numbers = numbered(groups.of(frame), verb, ascending=self.ascending)
        return frame_of([verb], [numbers], len(frame))

    def needs(self, verb: str, wanted: Columns, keys: frozenset[str]) -> Columns:  # noqa: ARG002  # as the base
        """The keys."""
        return keys
