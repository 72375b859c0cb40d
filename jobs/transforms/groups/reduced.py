"""Verbs of `groupby` that give a row for each group: the keys, and a value of each column."""

from collections.abc import Iterator, Mapping
from typing import Annotated, Any, Literal

import numpy as np
import pandas as pd
from pydantic import Field

from jobs.errors import ColumnTaken, OutputTooLarge
from jobs.transforms.base import Surroundings
from jobs.transforms.follows import Follows
from jobs.transforms.groups.functions import LARGEST
from jobs.transforms.groups.grouping import Grouping
from jobs.transforms.groups.kernels import naming, reduced
from jobs.transforms.groups.named import check_numbers
from jobs.transforms.groups.verb import Groups, OfColumns, OfNumbers, Verb, beside
from jobs.transforms.usage import Columns

Share = Annotated[float, Field(ge=0, le=1)]
Interpolation = Literal["linear", "lower", "higher", "midpoint", "nearest"]


class Reducing(OfColumns):
    """The base of those whose columns keep their names."""

    def apply(self, verb: str, frame: pd.DataFrame, groups: Groups, _: Surroundings) -> pd.DataFrame:
        """The keys, then the columns."""
        places = self.places(frame, groups.by)
        grouping = groups.of(frame)
        given = self.given()
        made = [(name, values) for name, values in each(frame, places, grouping, verb, given)]
        return groups.table(grouping, made)

    def columns_follow(self) -> Follows:
        """Names follow from names, or from dtypes where only numbers are taken; dtypes from dtypes."""
        return Follows.DTYPES if self.numbers_only else Follows.WHOLLY


def each(
    frame: pd.DataFrame, places: list[int], grouping: Grouping, function: str, arguments: Mapping[str, Any]
) -> Iterator[tuple[str, Any]]:
    """The name of each column and its value per group; raises DtypeUnsuitable of the first that is refused."""
    for place in places:
        column, name = frame.iloc[:, place], str(frame.columns[place])
        check_numbers(function, column, name, "")
        with naming(function, name, column.dtype, ""):
            yield name, reduced(column, grouping, function, arguments)


class Truth(Reducing):
    """Whether all values are true, or any."""

    skipna: bool = True
    """Pass nulls over; false: a null is true."""


class Counted(Reducing):
    """How many values are not null."""


class Different(Reducing):
    """How many different values there are."""

    dropna: bool = True
    """Do not count null; false: it is a value too."""


class Moment(Reducing, OfNumbers):
    """Means, medians, skewness, kurtosis, the rows of extremes."""

    skipna: bool = True
    """Pass nulls over; false: a null makes the result null."""


class Spread(Reducing, OfNumbers):
    """Variances, standard deviations and errors."""

    ddof: int = Field(1, ge=-LARGEST, le=LARGEST)
    """What is taken off the number of values in the divisor."""
    skipna: bool = True
    """Pass nulls over; false: a null makes the result null."""


def _of_count(follows: Follows, min_count: int) -> Follows:
    return Follows.NAMES if min_count > 0 and follows is Follows.WHOLLY else follows


class Total(Reducing, OfNumbers):
    """Sums and products."""

    min_count: int = Field(0, ge=-LARGEST, le=LARGEST)
    """With fewer values the result is null."""
    skipna: bool = True
    """Pass nulls over; false: a null makes the result null."""

    def columns_follow(self) -> Follows:
        """As for others; integers of a group with too few values become nullable."""
        return _of_count(super().columns_follow(), self.min_count)


class Extreme(Reducing, OfNumbers):
    """The smallest and largest values, the first and last ones."""

    min_count: int = Field(-1, ge=-LARGEST, le=LARGEST)
    """With fewer values the result is null."""
    skipna: bool = True
    """Pass nulls over; false: a null counts as a value."""

    def columns_follow(self) -> Follows:
        """As for others; integers of a group with too few values become nullable."""
        return _of_count(super().columns_follow(), self.min_count)


class Quantile(OfNumbers):
    """Quantiles: of one `q` a row for each group, of several a row for each `q` of each group (in `index`)."""

    q: Share | Annotated[tuple[Share, ...], Field(min_length=1, max_length=1_000)] = 0.5
    """Which quantiles, each in 0..1."""
    interpolation: Interpolation = "linear"
    """What a quantile between two values is."""

    def apply(self, verb: str, frame: pd.DataFrame, groups: Groups, around: Surroundings) -> pd.DataFrame:
        """The keys, `index` where there are several, then the columns."""
        places, grouping = self.places(frame, groups.by), groups.of(frame)
        shares = self.q if isinstance(self.q, tuple) else (self.q,)
        of_share = [
            list(each(frame, places, grouping, verb, {"q": share, "interpolation": self.interpolation}))
            for share in shares
        ]
        if not isinstance(self.q, tuple):
            return groups.table(grouping, of_share[0])
        check_rows(grouping.count * len(shares), around, "/q")
        columns: list[tuple[str, Any]] = [("index", np.tile(np.array(shares, dtype="float64"), grouping.count))]
        for place in range(len(places)):
            columns.append((of_share[0][place][0], woven([one[place][1] for one in of_share])))
        return stretched(groups, grouping, len(shares), columns)

    def columns_follow(self) -> Follows:
        """As for other reductions."""
        return Follows.DTYPES if self.numbers_only else Follows.WHOLLY

    def rows_after(self, given: int) -> int:
        """So many for each group."""
        return given * (len(self.q) if isinstance(self.q, tuple) else 1)


class Size(Verb):
    """How many rows each group has."""

    def apply(self, verb: str, frame: pd.DataFrame, groups: Groups, _: Surroundings) -> pd.DataFrame:
        """The keys, then `size`."""
        grouping = groups.of(frame)
        return groups.table(grouping, [(verb, grouping.sizes())])

    def columns_follow(self) -> Follows:
        """Integers, always."""
        return Follows.WHOLLY

    def needs(self, verb: str, wanted: Columns, keys: frozenset[str]) -> Columns:  # noqa: ARG002  # as the base
        """The keys."""
        return keys


def check_rows(rows: int, around: Surroundings, at: str) -> None:
    """Raise OutputTooLarge where a result would have more rows than the limit."""
    if rows > around.max_rows:
        raise OutputTooLarge("rows", rows, around.max_rows, "limits.rows", at)


def woven(arrays: list[Any]) -> Any:
    """Arrays of one length as one: the first value of each, the second of each, …"""
    joined = pd.concat([pd.Series(one) for one in arrays], ignore_index=True)
    order = np.arange(len(joined)).reshape(len(arrays), -1).T.ravel()
    values = joined.iloc[order]
    return values.to_numpy() if isinstance(values.dtype, np.dtype) else values.array


def stretched(groups: Groups, grouping: Grouping, times: int, columns: list[tuple[str, Any]]) -> pd.DataFrame:
    """So many rows per group: each key repeated, then these columns; raises ColumnTaken where a name comes twice."""
    names = [name for name, _ in columns]
    if len(names) > 1 and names[0] in names[1:]:
        raise ColumnTaken(names[0])
    keys = [key.repeat(times) for key in grouping.keys]
    return beside(groups.by, keys, columns)
