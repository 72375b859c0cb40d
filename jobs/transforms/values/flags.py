"""Which cells are null."""

from typing import Any, ClassVar

import pandas as pd

from jobs.transforms.base import Example
from jobs.transforms.usage import Columns
from jobs.transforms.values.cells import Cells

_HOLES: list[dict[str, Any]] = [{"carrier": "UA", "delay": None}, {"carrier": None, "delay": 31}]


class IsNa(Cells):
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


class NotNa(Cells):
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
