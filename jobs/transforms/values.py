"""Values: what stands in the cells."""

from typing import ClassVar

import pandas as pd
from pydantic import Field

from jobs.errors import DtypeUnsuitable
from jobs.transforms.arguments import Scalar, pointer, require_all, shown
from jobs.transforms.base import Example, Surroundings, Transform
from jobs.transforms.follows import Follows
from jobs.transforms.usage import Columns, plus


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
        filled = [self._filled(frame.iloc[:, place]) for place in range(frame.shape[1])]
        if not filled:
            return frame.copy(deep=False)
        result = pd.concat(filled, axis=1)
        result.columns = frame.columns
        return result

    def _filled(self, column: pd.Series) -> pd.Series:
        by_column = isinstance(self.value, dict)
        value: Scalar = self.value.get(str(column.name)) if isinstance(self.value, dict) else self.value
        if value is None or not column.hasnans:
            return column
        try:
            return column.fillna(value, limit=self.limit)
        except (TypeError, ValueError) as error:
            raise DtypeUnsuitable(
                f"{shown(value)} does not fit column {column.name!r} ({column.dtype}): {error}",
                column=str(column.name),
                dtype=str(column.dtype),
                pointer=pointer("value", column.name) if by_column else "/value",
            ) from error

    def needs(self, wanted: Columns) -> Columns:
        """Those that are filled too: a value that does not fit is an error."""
        return plus(wanted, self.value if isinstance(self.value, dict) else None)
