"""What takes the place of nulls."""

from collections.abc import Sequence
from typing import Any, ClassVar, Final, Literal

import numpy as np
import pandas as pd
from pydantic import Field

from jobs.codecs.blocks import column_arrays, frame_like, labels_of
from jobs.transforms.arguments import Scalar, pointer, require_all
from jobs.transforms.base import Example, Surroundings, Transform
from jobs.transforms.direct import nulls_of, values_of
from jobs.transforms.follows import Follows
from jobs.transforms.meanings import dates_as_times, decimals_as_floats
from jobs.transforms.scalars import check_copies, fit
from jobs.transforms.usage import Columns, plus
from jobs.transforms.values.cells import Cells


class FillNa(Transform):
    """Put a value where there is none."""

    op = "fillna"
    family = "values"
    follows = Follows.WHOLLY
    keeps = True
    example: ClassVar[Example] = Example(
        inputs={"df": [{"carrier": "UA", "delay": None}, {"carrier": None, "delay": 31}]},
        pipeline=[{"op": "fillna", "value": {"delay": 0, "carrier": "?"}}],
        result=[{"carrier": "UA", "delay": 0}, {"carrier": "?", "delay": 31}],
    )

    value: str | int | float | bool | dict[str, str | int | float | bool]
    """The value, or column → value."""
    limit: int | None = Field(None, ge=1)
    """At most so many nulls per column are filled, from the top."""

    def apply(self, frame: pd.DataFrame, _: Surroundings) -> pd.DataFrame:
        """The frame with its nulls filled."""
        if isinstance(self.value, dict):
            for name in self.value:
                require_all(frame, [name], pointer("value", name))
        filled = list(column_arrays(frame))
        for place, label in enumerate(labels_of(frame)):
            value: Scalar = self.value.get(str(label)) if isinstance(self.value, dict) else self.value
            if value is not None and _has_nulls(filled[place]):
                filled[place] = self._filled(frame, place, filled[place], value)
        return frame_like(frame, filled, len(frame))

    def _filled(self, frame: pd.DataFrame, place: int, values: Any, value: Scalar) -> Any:
        floats = isinstance(values, np.ndarray) and values.dtype == "float64"
        number = isinstance(value, (int, float)) and not isinstance(value, bool) and abs(value) < _EXACT
        if floats and number and self.limit is None:
            return np.where(np.isnan(values), value, values)
        column = frame.iloc[:, place]
        at = pointer("value", column.name) if isinstance(self.value, dict) else "/value"
        check_copies(value, int(column.isna().sum()))
        return values_of(column.fillna(fit(value, column, at), limit=self.limit))

    def rows_after(self, given: int, others: Sequence[int]) -> int:  # noqa: ARG002  # there are none
        """The same."""
        return given

    def needs(self, wanted: Columns) -> Columns:
        """Those that are filled too: a value that does not fit is an error."""
        return plus(wanted, self.value if isinstance(self.value, dict) else None)


_EXACT: Final = 2**53
"""Every smaller integer is a float64 as it is."""


def _has_nulls(values: Any) -> bool:
    null = nulls_of(values)
    return null is not None and bool(null.any())


_GAPS: list[dict[str, float | None]] = [{"delay": 4.0}, {"delay": None}, {"delay": None}, {"delay": 10.0}]
Area = Literal["inside", "outside"] | None


class FFill(Cells):
    """Put the last value above into each null."""

    op = "ffill"
    family = "values"
    keeps = True
    example: ClassVar[Example] = Example(
        inputs={"df": _GAPS},
        pipeline=[{"op": "ffill", "limit": 1}],
        result=[{"delay": 4.0}, {"delay": 4.0}, {"delay": None}, {"delay": 10.0}],
    )

    limit: int | None = Field(None, ge=1)
    """At most so many nulls in a row."""
    limit_area: Area = None
    """Only nulls between values (`inside`), or only those that are not (`outside`)."""

    def call(self, frame: pd.DataFrame) -> pd.DataFrame:
        """`frame.ffill(...)`."""
        return frame.ffill(limit=self.limit, limit_area=self.limit_area)

    def needs(self, wanted: Columns) -> Columns:
        """What is wanted."""
        return wanted


class BFill(Cells):
    """Put the next value below into each null."""

    op = "bfill"
    family = "values"
    keeps = True
    example: ClassVar[Example] = Example(
        inputs={"df": _GAPS},
        pipeline=[{"op": "bfill"}],
        result=[{"delay": 4.0}, {"delay": 10.0}, {"delay": 10.0}, {"delay": 10.0}],
    )

    limit: int | None = Field(None, ge=1)
    """At most so many nulls in a row."""
    limit_area: Area = None
    """Only nulls between values (`inside`), or only those that are not (`outside`)."""

    def call(self, frame: pd.DataFrame) -> pd.DataFrame:
        """`frame.bfill(...)`."""
        return frame.bfill(limit=self.limit, limit_area=self.limit_area)

    def needs(self, wanted: Columns) -> Columns:
        """What is wanted."""
        return wanted


class Interpolate(Cells):
    """Fill the nulls of numbers and times on a straight line between their neighbours."""

    op = "interpolate"
    follows = Follows.NAMES  # nullable integers become floats where there is something to fill
    family = "values"
    keeps = True
    example: ClassVar[Example] = Example(
        inputs={"df": _GAPS},
        pipeline=[{"op": "interpolate"}],
        result=[{"delay": 4.0}, {"delay": 6.0}, {"delay": 8.0}, {"delay": 10.0}],
    )

    method: Literal["linear"] = "linear"
    """Rows count as equally far apart; pandas' other methods need SciPy or an index."""
    limit: int | None = Field(None, ge=1)
    """At most so many nulls in a row."""
    limit_direction: Literal["forward", "backward", "both"] = "forward"
    """From where a limit counts, and which ends are filled with their nearest value."""
    limit_area: Area = None
    """Only nulls between values (`inside`), or only those that are not (`outside`)."""

    def call(self, frame: pd.DataFrame) -> pd.DataFrame:
        """`frame.interpolate(...)`; nullable numbers and decimals come as float64, days as times."""
        made = dates_as_times(decimals_as_floats(frame)).interpolate(
            method=self.method, limit=self.limit, limit_direction=self.limit_direction, limit_area=self.limit_area
        )
        for place, dtype in enumerate(made.dtypes):
            if str(dtype) in ("Float64", "Float32"):
                made.isetitem(place, made.iloc[:, place].to_numpy(dtype="float64", na_value=float("nan")))
        return made
