"""How far values lie apart, and how they lie."""

from typing import Any, ClassVar

import pandas as pd

from jobs.transforms.aggregate.reduce import Skipping, example_of
from jobs.transforms.base import Example


class Std(Skipping):
    """The standard deviation of each column."""

    op = "std"
    family = "aggregate"
    example: ClassVar[Example] = example_of("std", 4.242640687119285, 600.0)

    ddof: int = 1
    """What is taken off the number of values in the divisor."""

    def call(self, frame: pd.DataFrame) -> Any:
        """`frame.std(...)`."""
        return frame.std(ddof=self.ddof, **self.words())


class Var(Skipping):
    """The variance of each column."""

    op = "var"
    family = "aggregate"
    example: ClassVar[Example] = example_of("var", 18.0, 360000.0)

    ddof: int = 1
    """What is taken off the number of values in the divisor."""

    def call(self, frame: pd.DataFrame) -> Any:
        """`frame.var(...)`."""
        return frame.var(ddof=self.ddof, **self.words())


class Sem(Skipping):
    """The standard error of the mean of each column."""

    op = "sem"
    family = "aggregate"
    example: ClassVar[Example] = example_of("sem", 2.9999999999999996, 346.4101615137755)

    ddof: int = 1
    """What is taken off the number of values in the divisor."""

    def call(self, frame: pd.DataFrame) -> Any:
        """`frame.sem(...)`."""
        return frame.sem(ddof=self.ddof, **self.words())


class Skew(Skipping):
    """The skewness of each column, of three values at least."""

    op = "skew"
    family = "aggregate"
    example: ClassVar[Example] = example_of("skew", None, 0.0)

    def call(self, frame: pd.DataFrame) -> Any:
        """`frame.skew(...)`."""
        return frame.skew(**self.words())


class Kurt(Skipping):
    """The excess kurtosis of each column, of four values at least."""

    op = "kurt"
    family = "aggregate"
    example: ClassVar[Example] = example_of("kurt", None, None)

    def call(self, frame: pd.DataFrame) -> Any:
        """`frame.kurt(...)`."""
        return frame.kurt(**self.words())
