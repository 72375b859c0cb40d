"""Values against those of other rows: shifted, subtracted, divided."""

from typing import Any, ClassVar

import pandas as pd

from jobs.transforms.arguments import Scalar
from jobs.transforms.base import Example
from jobs.transforms.delegated import Delegated
from jobs.transforms.nulls import nullable, settled
from jobs.transforms.usage import Columns

_DAYS: list[dict[str, Any]] = [{"flights": 10}, {"flights": 12}, {"flights": 9}]


class Shift(Delegated):
    """Move the rows down by `periods` (up where negative); what comes free is null, or `fill_value`."""

    op = "shift"
    family = "values"
    example: ClassVar[Example] = Example(
        inputs={"df": _DAYS},
        pipeline=[{"op": "shift", "periods": 1}],
        result=[{"flights": None}, {"flights": 10}, {"flights": 12}],
    )

    periods: int = 1
    """By how many rows."""
    fill_value: Scalar = None
    """What stands in the rows that come free; without it, null."""

    def call(self, frame: pd.DataFrame) -> pd.DataFrame:
        """`frame.shift(periods)`; integers and booleans stay what they are, with nulls."""
        ready = nullable(frame)
        filling: dict[str, Any] = {} if self.fill_value is None else {"fill_value": self.fill_value}
        made = ready.shift(self.periods, **filling)
        return settled(made, list(frame.dtypes))

    def needs(self, wanted: Columns) -> Columns:
        """What is wanted; a value to fill in must fit all columns."""
        return wanted if self.fill_value is None else None


class Diff(Delegated):
    """Each value less the one `periods` rows before it; integers stay integers, with nulls at the beginning."""

    op = "diff"
    family = "values"
    example: ClassVar[Example] = Example(
        inputs={"df": _DAYS},
        pipeline=[{"op": "diff"}],
        result=[{"flights": None}, {"flights": 2}, {"flights": -3}],
    )

    periods: int = 1
    """How many rows before; negative: behind."""

    def call(self, frame: pd.DataFrame) -> pd.DataFrame:
        """`frame.diff(periods)`."""
        return settled(nullable(frame).diff(self.periods), list(frame.dtypes))


class PctChange(Delegated):
    """Each value's change against the one `periods` rows before it, as a fraction (0.2 for 20 % more)."""

    op = "pct_change"
    family = "values"
    example: ClassVar[Example] = Example(
        inputs={"df": [{"flights": 10}, {"flights": 15}, {"flights": 12}]},
        pipeline=[{"op": "pct_change"}],
        result=[{"flights": None}, {"flights": 0.5}, {"flights": -0.19999999999999996}],
    )

    periods: int = 1
    """How many rows before; negative: behind."""

    def call(self, frame: pd.DataFrame) -> pd.DataFrame:
        """`frame.pct_change(periods)`, as float64."""
        return frame.pct_change(self.periods).astype("float64")
