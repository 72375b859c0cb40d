"""Aggregates of the whole frame."""

from typing import Any, ClassVar, Literal

import pandas as pd
from pandas.api.types import infer_dtype

from jobs.errors import ColumnTaken
from jobs.transforms.base import Example, Surroundings, Transform


class Describe(Transform):
    """Summary statistics of the columns, one row per statistic (in the column `index`).

    Counts and moments of numbers, extremes of times, frequencies of text. A column whose statistics mix numbers and
    other things (`count` and `top` of text) comes as text, so that it has one type.
    """

    op = "describe"
    family = "aggregate"
    example: ClassVar[Example] = Example(
        inputs={"df": [{"delay": 1}, {"delay": 3}, {"delay": 5}]},
        pipeline=[{"op": "describe", "percentiles": [0.5]}],
        result=[
            {"index": "count", "delay": 3.0},
            {"index": "mean", "delay": 3.0},
            {"index": "std", "delay": 2.0},
            {"index": "min", "delay": 1.0},
            {"index": "50%", "delay": 3.0},
            {"index": "max", "delay": 5.0},
        ],
    )

    percentiles: tuple[float, ...] | None = None
    """Which percentiles, each in 0..1; without it 0.25, 0.5 and 0.75."""
    include: Literal["all"] | tuple[str, ...] | None = None
    """Dtypes to describe (`number`, `str`, `category`, …) or `all`; without it, numbers where there are any."""
    exclude: tuple[str, ...] | None = None
    """Dtypes to leave out."""

    def apply(self, frame: pd.DataFrame, _: Surroundings) -> pd.DataFrame:
        """One row per statistic, one column per column described."""
        include: Any = list(self.include) if isinstance(self.include, tuple) else self.include
        exclude: Any = None if self.exclude is None else list(self.exclude)
        percentiles = None if self.percentiles is None else list(self.percentiles)
        described = frame.describe(percentiles=percentiles, include=include, exclude=exclude)
        if "index" in described.columns:
            raise ColumnTaken("index")
        columns = [_one_type(described.iloc[:, place]) for place in range(described.shape[1])]
        result = pd.concat(columns, axis=1)
        result.insert(0, "index", described.index.astype("str"))
        return result.reset_index(drop=True)


def _one_type(column: pd.Series) -> pd.Series:
    if column.dtype != object or not infer_dtype(column, skipna=True).startswith("mixed"):
        return column
    return column.map(str, na_action="ignore").astype("str")
