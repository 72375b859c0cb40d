"""Which cells are null."""

from typing import Any, ClassVar

import pandas as pd

from jobs.transforms.base import Example
from jobs.transforms.delegated import Delegated
from jobs.transforms.usage import Columns

_HOLES: list[dict[str, Any]] = [{"carrier": "UA", "delay": None}, {"carrier": None, "delay": 31}]


class IsNa(Delegated):
    """A boolean frame: whether each cell is null."""

    op = "isna"
    family = "values"
    example: ClassVar[Example] = Example(
        inputs={"df": _HOLES},
        pipeline=[{"op": "isna"}],
        result=[{"carrier": False, "delay": True}, {"carrier": True, "delay": False}],
    )

    def call(self, frame: pd.DataFrame) -> pd.DataFrame:
        """`frame.isna()`."""
        return frame.isna()

    def needs(self, wanted: Columns) -> Columns:
        """What is wanted."""
        return wanted


class NotNa(Delegated):
    """A boolean frame: whether each cell holds a value."""

    op = "notna"
    family = "values"
    example: ClassVar[Example] = Example(
        inputs={"df": _HOLES},
        pipeline=[{"op": "notna"}],
        result=[{"carrier": True, "delay": False}, {"carrier": False, "delay": True}],
    )

    def call(self, frame: pd.DataFrame) -> pd.DataFrame:
        """`frame.notna()`."""
        return frame.notna()

    def needs(self, wanted: Columns) -> Columns:
        """What is wanted."""
        return wanted
