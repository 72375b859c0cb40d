"""What makes one value of a column: a frame of `column` and one named after the op, as pandas' Series read."""

from abc import abstractmethod
from collections.abc import Sequence
from typing import Any, ClassVar, Final, Literal

import numpy as np
import pandas as pd

from jobs.transforms.base import Example, Surroundings, Transform
from jobs.transforms.delegated import answer
from jobs.transforms.follows import Follows
from jobs.transforms.meanings import decimals_as_floats

_FLIGHTS: Final[list[dict[str, Any]]] = [
    {"delay": 4.0, "miles": 200},
    {"delay": None, "miles": 1400},
    {"delay": 10.0, "miles": 800},
]
Axis = Literal[0, 1, "index", "columns"]
"""`0` or `index`: one value for each column; `1` or `columns`: one for each row."""


class Reduction(Transform):
    """The base of ops whose result is a Series: one value for each column, or for each row."""

    follows = Follows.NAMES
    exact: ClassVar[bool] = False
    """Whether decimals are worked on as such; else they count as float64."""

    axis: Axis = 0
    """`0` or `index`: one value for each column; `1` or `columns`: one for each row."""

    @abstractmethod
    def call(self, frame: pd.DataFrame) -> Any:
        """pandas' Series."""

    def apply(self, frame: pd.DataFrame, _: Surroundings) -> pd.DataFrame:
        """The Series as a frame; raises DtypeUnsuitable that names the column pandas refused."""
        ready = frame if self.exact else decimals_as_floats(frame)
        return answer(ready, self.op, lambda given: series_frame(self.call(given), self.op, rows=self.by_row))

    def rows_after(self, given: int, others: Sequence[int]) -> int | None:  # noqa: ARG002  # there are none
        """One for each column, of which nothing is known here; or the same."""
        return given if self.by_row else None

    @property
    def by_row(self) -> bool:
        """Whether there is one value for each row."""
        return self.axis in (1, "columns")


def example_of(op: str, delay: Any, miles: Any) -> Example:
    """The example of a reduction: what it makes of three flights' delays and miles."""
    result = [{"column": "delay", op: delay}, {"column": "miles", op: miles}]
    return Example(inputs={"df": _FLIGHTS}, pipeline=[{"op": op}], result=result)


class Skipping(Reduction):
    """The base of reductions that pass nulls over."""

    skipna: bool = True
    """Pass nulls over; false: a null makes the result null."""
    numeric_only: bool = False
    """Leave out columns that hold no numbers."""

    def words(self) -> dict[str, Any]:
        """The arguments that all of these share."""
        return {"axis": self.axis, "skipna": self.skipna, "numeric_only": self.numeric_only}


def series_frame(series: pd.Series, op: str, *, rows: bool = False) -> pd.DataFrame:
    """A Series as a frame: `column` with its labels (none where they are row numbers), and its values under `op`."""
    values = plain_floats(series)
    if rows:
        return pd.DataFrame({op: values}, index=pd.RangeIndex(len(series)))
    labels = pd.Series([str(label) for label in series.index], dtype="str")
    return pd.DataFrame({"column": labels, op: values})


def plain_floats(series: pd.Series) -> Any:
    """The values; nullable floats as float64, since NaN and null are one thing in a pipeline."""
    if str(series.dtype) in ("Float64", "Float32"):
        return series.to_numpy(dtype="float64", na_value=np.nan)
    return series.array if not isinstance(series.dtype, np.dtype) else series.to_numpy()
