"""Text and numbers made into times and numbers, column by column."""

from abc import abstractmethod
from collections.abc import Sequence
from typing import Any, ClassVar, Literal

import numpy as np
import pandas as pd
from pydantic import model_validator

from jobs.errors import ArgumentInvalid, DtypeUnsuitable
from jobs.transforms.arguments import Names, name_list, pointer, refusal, require_keys, shown
from jobs.transforms.base import Example, Surroundings, Transform
from jobs.transforms.delegated import REFUSALS, reason
from jobs.transforms.direct import rows_where
from jobs.transforms.follows import Follows
from jobs.transforms.usage import Columns, plus

Errors = Literal["raise", "coerce"]
"""A value that cannot be converted fails the step, or becomes null."""
Unit = Literal["D", "h", "m", "s", "ms", "us", "ns"]


class _Conversion(Transform):
    follows = Follows.NAMES
    kind: ClassVar[str]
    """What a value that cannot be converted is none of."""

    columns: Names
    """The columns to convert."""
    errors: Errors = "raise"
    """A bad value fails the step (under `on_row_error: reject` its row is set aside), or with `coerce` becomes null."""

    @abstractmethod
    def convert(self, column: pd.Series, errors: Errors) -> Any:
        """pandas' answer for one column."""

    def apply(self, frame: pd.DataFrame, around: Surroundings) -> pd.DataFrame:
        """The frame with these columns converted; raises DtypeUnsuitable that names the first row that is refused.

        Rows with values that cannot be converted may be set aside.
        """
        set_aside = around.context.set_aside
        if set_aside is None or self.errors != "raise":
            return self._all_converted(frame)
        left = np.full(len(frame), fill_value=True)
        while True:  # each time fewer rows are left: without some, others may be read in another way
            given = frame if left.all() else rows_where(frame, left)
            try:
                return self._all_converted(given)
            except DtypeUnsuitable as error:
                column = given[str(error.column)]
                lost = self._lost(column)[: set_aside.room + 1]  # one too many is refused there
                if not len(lost):
                    raise
                at = np.flatnonzero(left)[lost]
                reasons = {
                    int(row): f"{column.iloc[one]!r:.100} is no {self.kind}" for row, one in zip(at, lost, strict=True)
                }
                # the frame as it came, so that the rows have the numbers that they have there
                set_aside(frame, reasons, code=error.code, column=error.column)
                left[at] = False

    def _all_converted(self, frame: pd.DataFrame) -> pd.DataFrame:
        result = frame.copy(deep=False)
        for place, name in enumerate(require_keys(frame, "columns", self.columns)):
            at = pointer("columns") if isinstance(self.columns, str) else pointer("columns", place)
            converted = self._converted(frame[name], at)
            result.isetitem(list(frame.columns).index(name), converted)
        return result

    def rows_after(self, given: int, others: Sequence[int]) -> int:  # noqa: ARG002  # there are none
        """The same."""
        return given

    def needs(self, wanted: Columns) -> Columns:
        """Those that are converted too: a value that cannot be is an error."""
        return plus(wanted, name_list(self.columns))

    def _converted(self, column: pd.Series, at: str) -> Any:
        try:
            return self.convert(column, self.errors)
        except REFUSALS as error:
            raise self._refused(column, error, at) from error

    def _refused(self, column: pd.Series, error: Exception, at: str) -> DtypeUnsuitable:
        where = ""
        rows = tuple(map(int, self._lost(column)[:1]))
        if rows:
            where = f"; row {rows[0] + 1} is {column.iloc[rows[0]]!r}; errors=coerce makes such values null"
        unsuitable = DtypeUnsuitable(
            f"column {column.name!r} ({column.dtype}): {reason(error)}{where}",
            column=str(column.name),
            dtype=str(column.dtype),
            pointer=at,
        )
        unsuitable.rows = rows
        return unsuitable

    def _lost(self, column: pd.Series) -> Any:
        """The positions of the values that cannot be converted; none where not they but the column is refused."""
        try:
            lost = column.notna() & pd.Series(self.convert(column, "coerce"), index=column.index).isna()
        except REFUSALS:
            return np.array([], dtype="int64")
        return np.flatnonzero(lost.to_numpy(dtype=bool))


class ToDatetime(_Conversion):
    """Text or numbers as dates with times."""

    op = "to_datetime"
    sets_aside = True
    kind = "time"
    family = "values"
    example: ClassVar[Example] = Example(
        inputs={"df": [{"day": "31.01.2024"}, {"day": "soon"}]},
        pipeline=[
            {"op": "to_datetime", "columns": "day", "format": "%d.%m.%Y", "errors": "coerce"},
            {"op": "assign", "columns": {"day": "day.dt.month"}},
        ],
        result=[{"day": 1}, {"day": None}],
    )

    format: str | None = None
    """As in strftime, `ISO8601`, or `mixed`; without it, as the first value is written."""
    dayfirst: bool = False
    """Read 1/2/2024 as the first of February."""
    yearfirst: bool = False
    """Read 10/11/12 as November 2010."""
    utc: bool = False
    """Bring all times to UTC; text without a zone counts as UTC."""
    unit: Unit | None = None
    """What numbers count since `origin`."""
    origin: str | int | float = "unix"
    """From when numbers count, with `unit`: a time as text, `unix` for 1970, or `julian` for days since 4713 BC."""

    @model_validator(mode="after")
    def _origin_is_a_time(self) -> "ToDatetime":
        if self.origin == "unix":
            return self
        if self.unit is None or (self.origin == "julian" and self.unit != "D"):
            wanted = "'unit': 'D'" if self.origin == "julian" else "'unit'"
            raise refusal(ArgumentInvalid(f"'origin' {shown(self.origin)} needs {wanted} beside it"), "/origin")
        words: dict[str, Any] = {"unit": self.unit, "origin": self.origin}
        try:
            pd.to_datetime(0, **words)
        except REFUSALS as error:
            # the first Julian day is out of pandas' reach, later ones are not
            if self.origin != "julian":
                raise refusal(ArgumentInvalid(f"no time {shown(self.origin)}: {reason(error)}"), "/origin") from None
        return self

    def convert(self, column: pd.Series, errors: Errors) -> Any:
        """`pd.to_datetime(column, ...)`."""
        words: dict[str, Any] = {"format": self.format, "unit": self.unit}
        if self.origin != "unix":
            words["origin"] = self.origin
        given = {name: value for name, value in words.items() if value is not None}
        return pd.to_datetime(
            column, errors=errors, dayfirst=self.dayfirst, yearfirst=self.yearfirst, utc=self.utc, **given
        ).array


class ToNumeric(_Conversion):
    """Text as numbers: integers where all are, nullable ones where there are nulls, else float64."""

    op = "to_numeric"
    sets_aside = True
    kind = "number"
    family = "values"
    example: ClassVar[Example] = Example(
        inputs={"df": [{"n": "12"}, {"n": "many"}]},
        pipeline=[{"op": "to_numeric", "columns": ["n"], "errors": "coerce"}],
        result=[{"n": 12}, {"n": None}],
    )

    downcast: Literal["integer", "signed", "unsigned", "float"] | None = None
    """The smallest dtype of a kind that holds the values."""

    def convert(self, column: pd.Series, errors: Errors) -> Any:
        """`pd.to_numeric(column, ...)`, never through floats."""
        made = pd.to_numeric(column, errors=errors, downcast=self.downcast, dtype_backend="numpy_nullable")
        if str(made.dtype) in ("Float64", "Float32"):
            return made.to_numpy(dtype=str(made.dtype).lower(), na_value=np.nan)
        return made.array if made.hasnans else made.to_numpy(dtype=str(made.dtype).lower().replace("boolean", "bool"))


class ToTimedelta(_Conversion):
    """Text or numbers as durations."""

    op = "to_timedelta"
    sets_aside = True
    kind = "duration"
    family = "values"
    example: ClassVar[Example] = Example(
        inputs={"df": [{"late": 90}, {"late": 5}]},
        pipeline=[
            {"op": "to_timedelta", "columns": "late", "unit": "m"},
            {"op": "assign", "columns": {"late": "late.dt.total_seconds()"}},
        ],
        result=[{"late": 5400.0}, {"late": 300.0}],
    )

    unit: Unit | None = None
    """What numbers count."""

    def convert(self, column: pd.Series, errors: Errors) -> Any:
        """`pd.to_timedelta(column, ...)`."""
        return pd.to_timedelta(column, unit=self.unit, errors=errors).array
