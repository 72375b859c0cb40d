"""Ranks."""

from typing import ClassVar, Literal

import pandas as pd

from jobs.transforms.base import Example
from jobs.transforms.values.cells import NumbersAtWill


class Rank(NumbersAtWill):
    """Each value's place in the order of its column, from 1; equal values share one."""

    op = "rank"
    family = "values"
    example: ClassVar[Example] = Example(
        inputs={"df": [{"delay": 31}, {"delay": 4}, {"delay": 4}]},
        pipeline=[{"op": "rank", "method": "min"}],
        result=[{"delay": 3.0}, {"delay": 1.0}, {"delay": 1.0}],
    )

    method: Literal["average", "min", "max", "first", "dense"] = "average"
    """What equal values get: the mean of their places, the least, the largest, their order, or no gap after them."""
    na_option: Literal["keep", "top", "bottom"] = "keep"
    """Nulls have no rank, the least ones, or the last ones."""
    ascending: bool = True
    """From the smallest value; false: from the largest."""
    pct: bool = False
    """As a fraction of the number of values."""

    def call(self, frame: pd.DataFrame) -> pd.DataFrame:
        """`frame.rank(...)`, as float64."""
        ranks = frame.rank(
            method=self.method,
            numeric_only=self.numeric_only,
            na_option=self.na_option,
            ascending=self.ascending,
            pct=self.pct,
        )
        return ranks.astype("float64")
