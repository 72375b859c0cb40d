"""What one evaluation sees of its frame."""

from typing import Any

import numpy as np
import pandas as pd

from jobs.codecs.blocks import column_array
from jobs.errors import ColumnUnknown, DtypeUnsuitable
from jobs.expressions.normal import load
from jobs.expressions.values import Value


class Scope:
    """One evaluation: the frame, and its columns in normal form as far as they were asked for."""

    def __init__(self, frame: pd.DataFrame) -> None:
        self.frame = frame
        self.index = frame.index
        self._loaded: dict[str, Value] = {}

    def column(self, name: str) -> Value:
        """The column `name` in normal form."""
        if name not in self._loaded:
            numbers = self._numbers(name)
            self._loaded[name] = load(self.raw(name)) if numbers is None else numbers
        return self._loaded[name]

    def _numbers(self, name: str) -> Any:
        """The column where it is one of plain numbers, which are in normal form as they are; else None."""
        position = self.frame.columns.get_loc(name) if name in self.frame.columns else None
        values = column_array(self.frame, position) if isinstance(position, int) else None
        if not isinstance(values, np.ndarray) or values.dtype.kind not in "iuf":
            return None
        values = values.view()
        values.flags.writeable = False  # it is the frame's own
        return values

    def raw(self, name: str) -> pd.Series:
        """The column as the frame holds it."""
        try:
            column = self.frame[name]
        except KeyError:
            raise ColumnUnknown(name, self.frame.columns) from None
        if column.ndim > 1:
            raise DtypeUnsuitable(f"the frame has {column.shape[1]} columns {name!r}; rename them first", column=name)
        return column
