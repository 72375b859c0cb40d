"""Sums, counts, means and extremes."""

from typing import Any, ClassVar

import pandas as pd
from pydantic import Field

from jobs.transforms.aggregate.reduce import Reduction, Skipping, example_of
from jobs.transforms.base import Example


class Sum(Skipping):
    """The sum of each column (text is joined); nulls are passed over."""

    op = "sum"
    family = "aggregate"
    exact = True
    example: ClassVar[Example] = example_of("sum", 14.0, 2400.0)

    min_count: int = Field(0, ge=0)
    """Null where there are fewer values."""

    def call(self, frame: pd.DataFrame) -> Any:
        """`frame.sum(...)`."""
        return frame.sum(min_count=self.min_count, **self.words())


class Prod(Skipping):
    """The product of each column; of rows, all columns hold numbers."""

    op = "prod"
    family = "aggregate"
    example: ClassVar[Example] = example_of("prod", 40.0, 224000000.0)

    min_count: int = Field(0, ge=0)
    """Null where there are fewer values."""

    def call(self, frame: pd.DataFrame) -> Any:
        """`frame.prod(...)`."""
        # Python repeats a text that is multiplied: three letters and a number would fill the memory
        if self.by_row and not self.numeric_only and not all(map(pd.api.types.is_numeric_dtype, frame.dtypes)):
            raise TypeError("only numbers can be multiplied; 'numeric_only': true leaves other columns out")
        return frame.prod(min_count=self.min_count, **self.words())


class Mean(Skipping):
    """The mean of each column."""

    op = "mean"
    family = "aggregate"
    example: ClassVar[Example] = example_of("mean", 7.0, 800.0)

    def call(self, frame: pd.DataFrame) -> Any:
        """`frame.mean(...)`."""
        return frame.mean(**self.words())


class Median(Skipping):
    """The median of each column."""

    op = "median"
    family = "aggregate"
    example: ClassVar[Example] = example_of("median", 7.0, 800.0)

    def call(self, frame: pd.DataFrame) -> Any:
        """`frame.median(...)`."""
        return frame.median(**self.words())


class Min(Skipping):
    """The smallest value of each column."""

    op = "min"
    family = "aggregate"
    exact = True
    example: ClassVar[Example] = example_of("min", 4.0, 200.0)

    def call(self, frame: pd.DataFrame) -> Any:
        """`frame.min(...)`."""
        return frame.min(**self.words())


class Max(Skipping):
    """The largest value of each column."""

    op = "max"
    family = "aggregate"
    exact = True
    example: ClassVar[Example] = example_of("max", 10.0, 1400.0)

    def call(self, frame: pd.DataFrame) -> Any:
        """`frame.max(...)`."""
        return frame.max(**self.words())


class Count(Reduction):
    """How many values each column has that are not null."""

    op = "count"
    family = "aggregate"
    exact = True
    example: ClassVar[Example] = example_of("count", 2, 3)

    numeric_only: bool = False
    """Leave out columns that hold no numbers."""

    def call(self, frame: pd.DataFrame) -> Any:
        """`frame.count(...)`."""
        return frame.count(axis=self.axis, numeric_only=self.numeric_only)


class NUnique(Reduction):
    """How many different values each column has."""

    op = "nunique"
    family = "aggregate"
    exact = True
    example: ClassVar[Example] = example_of("nunique", 2, 3)

    dropna: bool = True
    """Do not count null."""

    def call(self, frame: pd.DataFrame) -> Any:
        """`frame.nunique(...)`."""
        return frame.nunique(axis=self.axis, dropna=self.dropna)
