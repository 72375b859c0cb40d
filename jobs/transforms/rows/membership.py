"""Which cells hold one of some values."""

from collections.abc import Sequence
from typing import Annotated, Any, ClassVar

import numpy as np
import pandas as pd
from pydantic import Field

from jobs.transforms.arguments import Scalar, pointer, require_all
from jobs.transforms.base import Example, Surroundings, Transform
from jobs.transforms.examples import FLIGHTS
from jobs.transforms.follows import Follows
from jobs.transforms.scalars import fitting
from jobs.transforms.usage import Columns, plus

_Values = Annotated[tuple[Scalar, ...], Field(max_length=100_000)]


class IsIn(Transform):
    """A boolean frame: whether each cell holds one of these values.

    Null in the list stands for nulls; dates, times and durations are written as text.
    """

    op = "isin"
    family = "rows"
    follows = Follows.WHOLLY
    example: ClassVar[Example] = Example(
        inputs={"df": FLIGHTS[:3]},
        pipeline=[{"op": "isin", "values": {"carrier": ["UA", "AA"], "delay": [None]}}],
        result=[
            {"carrier": True, "delay": False},
            {"carrier": True, "delay": True},
            {"carrier": False, "delay": False},
        ],
    )

    values: _Values | dict[str, _Values]
    """The values, or column → values; then all other columns are false."""

    def apply(self, frame: pd.DataFrame, _: Surroundings) -> pd.DataFrame:
        """`frame.isin(values)`."""
        if isinstance(self.values, dict):
            for name in self.values:
                require_all(frame, [name], pointer("values", name))
        result = frame.copy(deep=False)
        for place, name in enumerate(frame.columns):
            values = self.values.get(str(name), ()) if isinstance(self.values, dict) else self.values
            result.isetitem(place, _found(frame.iloc[:, place], values))
        return result

    def rows_after(self, given: int, others: Sequence[int]) -> int:  # noqa: ARG002  # there are none
        """The same."""
        return given

    def needs(self, wanted: Columns) -> Columns:
        """Those that are named, too: they have to be there."""
        return plus(wanted, self.values if isinstance(self.values, dict) else ())


def _found(column: pd.Series, values: Sequence[Scalar]) -> Any:
    if not len(column):  # the trial at submit, which must not read a hundred thousand moments for nothing
        return np.zeros(0, dtype=bool)
    given = fitting((value for value in values if value is not None), column)
    found = column.isin(given).fillna(False).to_numpy(dtype=bool)  # noqa: FBT003  # what takes the place of null
    return found | column.isna().to_numpy() if None in values else found & column.notna().to_numpy()
