"""Rows by chance."""

from collections.abc import Sequence
from typing import Any, ClassVar

import numpy as np
import pandas as pd
from pydantic import Field, model_validator

from jobs.errors import ArgumentInvalid, DtypeUnsuitable, OutputTooLarge, StepFailed
from jobs.transforms.arguments import one_column, plain, refusal
from jobs.transforms.base import Example, Surroundings, Transform
from jobs.transforms.delegated import REFUSALS, reason
from jobs.transforms.follows import Follows
from jobs.transforms.usage import Columns, plus


class Sample(Transform):
    """Rows picked by chance, `n` of them or a fraction; of a frame without rows, none.

    With `random_state` the same rows each time. Without it a job that is tried again may pick others.
    """

    op = "sample"
    family = "rows"
    follows = Follows.WHOLLY
    keeps = True
    example: ClassVar[Example] = Example(
        inputs={"df": [{"ticket": 1, "chances": 0}, {"ticket": 2, "chances": 5}]},
        pipeline=[{"op": "sample", "n": 1, "weights": "chances", "random_state": 7}],
        result=[{"ticket": 2, "chances": 5}],
    )

    n: int | None = Field(None, ge=0)
    """How many rows; without it and without `frac`, 1."""
    frac: float | None = Field(None, ge=0)
    """Which part of the rows, in place of `n`; more than 1 only with `replace`."""
    replace: bool = False
    """Whether a row may be picked more than once."""
    weights: str | None = None
    """A column of numbers: how likely each row is against the others; null counts as 0."""
    random_state: int | None = Field(None, ge=0, lt=2**32)
    """Where the random numbers begin."""

    @model_validator(mode="after")
    def _one_size(self) -> "Sample":
        if self.n is not None and self.frac is not None:
            raise refusal(ArgumentInvalid("'frac' stands instead of 'n', not beside it"), "/frac")
        if self.frac is not None and self.frac > 1 and not self.replace:
            raise refusal(ArgumentInvalid("a 'frac' of more than 1 needs 'replace': true"), "/frac")
        return self

    def apply(self, frame: pd.DataFrame, around: Surroundings) -> pd.DataFrame:
        """So many rows, in the order in which they were picked."""
        weights = None if self.weights is None else self._weights(frame, self.weights)
        rows = self._count(len(frame))
        if not len(frame):
            return frame.copy(deep=False)
        if rows > around.max_rows:
            raise OutputTooLarge("rows", rows, around.max_rows, "limits.rows", "/n" if self.frac is None else "/frac")
        if rows > len(frame) and not self.replace:
            few = ValueError(f"{rows:,} rows are more than the {len(frame):,} that there are; add 'replace': true")
            raise StepFailed(few, "/n")
        try:
            return plain(frame.sample(rows, replace=self.replace, weights=weights, random_state=self.random_state))
        except REFUSALS as error:  # only weights may still be wrong: negative, infinite, all 0, too few above 0
            raise self._unsuitable(frame[str(self.weights)], reason(error)) from error

    def _count(self, given: int) -> int:
        return round(self.frac * given) if self.frac is not None else (1 if self.n is None else self.n)

    def _weights(self, frame: pd.DataFrame, name: str) -> Any:
        column = one_column(frame, name, "/weights")
        if not pd.api.types.is_numeric_dtype(column.dtype):
            raise self._unsuitable(column, "weights are numbers")
        return np.nan_to_num(column.to_numpy(dtype="float64", na_value=np.nan), nan=0.0, posinf=np.inf, neginf=-np.inf)

    def _unsuitable(self, column: pd.Series, because: str) -> DtypeUnsuitable:
        detail = f"column {column.name!r} ({column.dtype}) cannot be weights: {because}"
        return DtypeUnsuitable(detail, column=str(column.name), dtype=str(column.dtype), pointer="/weights")

    def rows_after(self, given: int, others: Sequence[int]) -> int:  # noqa: ARG002  # there are none
        """So many as are asked for."""
        return self._count(given) if self.replace else min(given, self._count(given))

    def needs(self, wanted: Columns) -> Columns:
        """The weights too."""
        return plus(wanted, [] if self.weights is None else [self.weights])
