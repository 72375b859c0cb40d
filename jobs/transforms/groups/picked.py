"""Verbs of `groupby` that pick rows of the frame: the first and last of each group, the n-th, a sample."""

from typing import Annotated, Any, Literal

import numpy as np
import pandas as pd
from pydantic import Field, model_validator

from jobs.errors import ArgumentInvalid, DtypeUnsuitable, OutputTooLarge
from jobs.transforms.arguments import one_column, plain, refusal
from jobs.transforms.base import Surroundings
from jobs.transforms.follows import Follows
from jobs.transforms.groups.functions import LARGEST
from jobs.transforms.groups.kernels import naming
from jobs.transforms.groups.verb import Groups, Verb
from jobs.transforms.usage import ALL, Columns, plus

Position = Annotated[int, Field(ge=-LARGEST, le=LARGEST)]


class Picking(Verb):
    """The base of those whose result is rows of the frame, as they are."""

    def columns_follow(self) -> Follows:
        """The columns are the frame's."""
        return Follows.WHOLLY

    def needs(self, verb: str, wanted: Columns, keys: frozenset[str]) -> Columns:  # noqa: ARG002  # as the base
        """The keys, and what is wanted."""
        return plus(wanted, keys)


class Ends(Picking):
    """The first or the last rows of each group, in the frame's order."""

    n: Position = 5
    """How many; a negative number means all but so many at the other end."""

    def apply(self, verb: str, frame: pd.DataFrame, groups: Groups, _: Surroundings) -> pd.DataFrame:
        """The rows."""
        rows = _numbers(frame, groups)
        picked = rows.head(self.n) if verb == "head" else rows.tail(self.n)
        return plain(frame.iloc[picked.to_numpy()])


class Nth(Picking):
    """The n-th row of each group that has one, in the frame's order."""

    n: Position | Annotated[tuple[Position, ...], Field(min_length=1, max_length=10_000)]
    """Which row, from 0; negative: from the end. A list picks several."""
    dropna: Literal["any", "all"] | None = None
    """First leave out rows that hold any null, or nothing else; goes with one `n`."""

    @model_validator(mode="after")
    def _one(self) -> "Nth":
        if self.dropna is not None and not isinstance(self.n, int):
            raise refusal(ArgumentInvalid("'dropna' goes with one 'n', not with a list"), "/dropna")
        return self

    def apply(self, verb: str, frame: pd.DataFrame, groups: Groups, _: Surroundings) -> pd.DataFrame:  # noqa: ARG002  # as the base
        """The rows."""
        if self.dropna is not None:
            frame = plain(frame.dropna(how=self.dropna))
        n = self.n if isinstance(self.n, int) else list(self.n)
        return plain(frame.iloc[_numbers(frame, groups).nth(n).to_numpy()])

    def needs(self, verb: str, wanted: Columns, keys: frozenset[str]) -> Columns:
        """The keys, and what is wanted; all where nulls of any column leave a row out."""
        return ALL if self.dropna is not None else super().needs(verb, wanted, keys)


class Sample(Picking):
    """Random rows of each group, group by group."""

    n: int | None = Field(None, ge=0, le=LARGEST)
    """How many of each group; not together with `frac`."""
    frac: float | None = Field(None, ge=0, allow_inf_nan=False)
    """Which part of each group, as in 0.1."""
    replace: bool = False
    """A row may come several times."""
    weights: str | None = None
    """The column that says how likely each row is, beside the others of its group."""
    random_state: int | None = Field(None, ge=0, le=2**32 - 1)
    """The seed: the same one picks the same rows. Without it, others each time."""

    @model_validator(mode="after")
    def _one_size(self) -> "Sample":
        if self.n is not None and self.frac is not None:
            raise refusal(ArgumentInvalid("'frac' cannot stand beside 'n'; give one of the two"), "/frac")
        if self.frac is not None and self.frac > 1 and not self.replace:
            raise refusal(ArgumentInvalid("a 'frac' above 1 needs 'replace'"), "/frac")
        return self

    def apply(self, verb: str, frame: pd.DataFrame, groups: Groups, around: Surroundings) -> pd.DataFrame:
        """The rows, group by group."""
        weights = None if self.weights is None else self._weights(frame, self.weights)
        grouping = groups.of(frame, observed=True)
        self._check_rows(grouping.sizes(), around.max_rows)
        if not grouping.count:
            return plain(frame.iloc[:0])
        # by numbers, which are in the order of the groups: pandas' sample does not find groups called null
        rows = pd.Series(np.arange(len(frame))[grouping.ids >= 0])
        grouped = rows.set_axis(rows.to_numpy()).groupby(grouping.ids[grouping.ids >= 0])
        with naming(verb, self.weights or groups.by[0], frame[self.weights or groups.by[0]].dtype, ""):
            picked = grouped.sample(
                n=self.n, frac=self.frac, replace=self.replace, weights=weights, random_state=self.random_state
            )
        return plain(frame.iloc[picked.to_numpy()])

    def _weights(self, frame: pd.DataFrame, name: str) -> pd.Series:
        column = one_column(frame, name, "/weights")
        with naming("sample", name, column.dtype, "/weights"):
            weights = pd.Series(column.to_numpy(dtype="float64", na_value=np.nan))
        if (weights < 0).any() or np.isinf(weights).any():
            detail = f"weights are finite and not negative, and column {name!r} holds others"
            raise DtypeUnsuitable(detail, column=name, dtype=str(column.dtype), pointer="/weights")
        return weights

    def _check_rows(self, sizes: Any, limit: int) -> None:
        of_each = float(self.n if self.n is not None else 1 if self.frac is None else 0)
        rows = int(of_each * len(sizes) + (self.frac or 0) * float(sizes.sum()))
        if rows > limit:
            raise OutputTooLarge("rows", rows, limit, "limits.rows", "/n" if self.frac is None else "/frac")
        if not self.replace and self.frac is None and of_each > (sizes.min() if len(sizes) else of_each):
            detail = (
                f"a group has {sizes.min():,} rows, and {of_each:,.0f} of each are wanted; 'replace' takes rows twice"
            )
            raise ArgumentInvalid(detail, "/n")

    def rows_after(self, given: int) -> int | None:
        """No more than there are, unless rows come several times."""
        return None if self.replace else given

    def needs(self, verb: str, wanted: Columns, keys: frozenset[str]) -> Columns:
        """The keys, the weights, and what is wanted."""
        more = [] if self.weights is None else [self.weights]
        return plus(super().needs(verb, wanted, keys), more)


def _numbers(frame: pd.DataFrame, groups: Groups) -> Any:
    """The positions of the rows, grouped."""
    return pd.Series(np.arange(len(frame))).groupby(groups.of(frame, observed=True).grouper)
