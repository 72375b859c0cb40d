"""Rows become columns, and columns rows: `transpose`."""

from collections.abc import Sequence
from typing import ClassVar

import numpy as np
import pandas as pd

from jobs.errors import OutputTooLarge
from jobs.transforms.arguments import require_keys
from jobs.transforms.base import Example, Surroundings, Transform
from jobs.transforms.follows import Follows
from jobs.transforms.reshape.axis import Axis, take
from jobs.transforms.reshape.common import one_column
from jobs.transforms.reshape.grid import check_cells, table
from jobs.transforms.reshape.labels import texts


class Transpose(Transform):
    """Swap rows and columns: the names of the columns come to stand in `column`, and each row becomes a column.

    A column is called after the row's value in `on` (see `pivot` for the names of values), or after its row number.
    All values get the one dtype that holds them, see `melt`.
    """

    op = "transpose"
    family = "reshape"
    follows = Follows.DATA
    example: ClassVar[Example] = Example(
        inputs={"df": [{"city": "Oslo", "low": -6, "high": 24}, {"city": "Rome", "low": 3, "high": 32}]},
        pipeline=[{"op": "transpose", "on": "city"}],
        result=[{"column": "low", "Oslo": -6, "Rome": 3}, {"column": "high", "Oslo": 24, "Rome": 32}],
    )

    on: str | None = None
    """The column whose values name the new columns; without it, `0`, `1`, …"""

    def apply(self, frame: pd.DataFrame, around: Surroundings) -> pd.DataFrame:
        """A row for each column."""
        on = require_keys(frame, "on", self.on)
        at = "/on" if on else ""
        rows = len(frame)
        if rows + 1 > around.max_columns:
            raise OutputTooLarge("columns", rows + 1, around.max_columns, "limits.columns", at)
        given = [place for place, name in enumerate(frame.columns) if name not in on]
        check_cells(len(given), rows + 1, around, at)
        values = one_column([frame.iloc[:, place] for place in given], at)
        names = texts(frame[on[0]]) if on else [str(row) for row in range(rows)]
        labels = pd.array([str(frame.columns[place]) for place in given], dtype=pd.StringDtype(na_value=np.nan))
        keys = Axis(("column",), np.arange(len(given)), (labels,), len(given))
        columns = [take(values, np.arange(row, rows * len(given), rows)) for row in range(rows)]
        return table(keys, names, columns, at)

    def rows_after(self, given: int, others: Sequence[int]) -> None:
        """As many as there are columns."""
