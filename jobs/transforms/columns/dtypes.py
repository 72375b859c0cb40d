"""What dtype columns have."""

from collections.abc import Sequence
from typing import ClassVar

import numpy as np
import pandas as pd

from jobs.codecs.blocks import column_arrays, frame_like, labels_of
from jobs.errors import DtypeUnsuitable
from jobs.transforms.arguments import (
    pointer,
    require_all,
)
from jobs.transforms.base import Example, Surroundings, Transform
from jobs.transforms.columns.choose import OnMissing
from jobs.transforms.context import SetAside
from jobs.transforms.direct import rows_where, values_of
from jobs.transforms.dtypes import DtypeName, cast, refusals
from jobs.transforms.follows import Follows
from jobs.transforms.usage import Columns, plus


class AsType(Transform):
    """Change the dtype of columns."""

    op = "astype"
    sets_aside = True
    family = "columns"
    follows = Follows.WHOLLY
    example: ClassVar[Example] = Example(
        inputs={"df": [{"flight": "1545", "delay": 4}, {"flight": "1714", "delay": None}]},
        pipeline=[{"op": "astype", "dtype": {"flight": "int64", "delay": "float64"}}],
        result=[{"flight": 1545, "delay": 4.0}, {"flight": 1714, "delay": None}],
    )

    dtype: DtypeName | dict[str, DtypeName]
    """The dtype of all columns, or column → dtype: pandas' names (`Int64`, `datetime64[us, UTC]`) and Arrow's."""
    errors: OnMissing = "raise"
    """`ignore`: a column with values that do not fit stays; `raise` heeds `on_row_error`: `reject` sets rows aside."""

    def columns_follow(self) -> Follows:
        """Where a cast may be left out, the values decide about the dtypes."""
        return Follows.NAMES if self.errors == "ignore" else self.follows

    def apply(self, frame: pd.DataFrame, around: Surroundings) -> pd.DataFrame:
        """The frame with these columns cast; the others are shared. Rows that do not fit may be set aside."""
        if isinstance(self.dtype, dict):
            for name in self.dtype:
                require_all(frame, [name], pointer("dtype", name))
        set_aside = around.context.set_aside
        if set_aside is None or self.errors != "raise":
            return self._all_cast(frame)
        try:
            return self._all_cast(frame)
        except DtypeUnsuitable:
            return self._all_cast(self._fitting(frame, set_aside))

    def _fitting(self, frame: pd.DataFrame, set_aside: SetAside) -> pd.DataFrame:
        """The frame without the rows that do not fit; as it is where no single row is at fault."""
        left = np.full(len(frame), fill_value=True)
        for place, name in enumerate(labels_of(frame)):
            wanted = self.dtype.get(name) if isinstance(self.dtype, dict) else self.dtype
            found = {} if wanted is None else refusals(frame.iloc[:, place], wanted, set_aside.room + 1)
            reasons = {row: reason for row, reason in found.items() if left[row]}
            if reasons:
                # the frame as it came, so that the rows have the numbers that they have there
                set_aside(frame, reasons, code=DtypeUnsuitable.code, column=str(name))
                left[list(reasons)] = False
        return frame if left.all() else rows_where(frame, left)

    def _all_cast(self, frame: pd.DataFrame) -> pd.DataFrame:
        arrays = list(column_arrays(frame))
        for place, name in enumerate(labels_of(frame)):
            wanted = self.dtype.get(name) if isinstance(self.dtype, dict) else self.dtype
            if wanted is not None:
                at = pointer("dtype", name) if isinstance(self.dtype, dict) else "/dtype"
                arrays[place] = values_of(self._cast(frame.iloc[:, place], wanted, at))
        return frame_like(frame, arrays, len(frame))

    def _cast(self, column: pd.Series, wanted: str, at: str) -> pd.Series:
        try:
            return cast(column, wanted, at)
        except DtypeUnsuitable:
            if self.errors == "raise":
                raise
            return column

    def rows_after(self, given: int, others: Sequence[int]) -> int:  # noqa: ARG002  # there are none
        """The same."""
        return given

    def needs(self, wanted: Columns) -> Columns:
        """Those that are cast too: a value that does not fit is an error."""
        return plus(wanted, self.dtype if isinstance(self.dtype, dict) else None)
