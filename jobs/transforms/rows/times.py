"""Rows between two values of a column, or by the time of day."""

from collections.abc import Sequence
from datetime import datetime
from typing import Annotated, Any, ClassVar, Final, Literal

import numpy as np
import pandas as pd
from pydantic import AfterValidator

from jobs.errors import ArgumentInvalid, DtypeUnsuitable
from jobs.transforms.arguments import Scalar, one_column, plain, refusal, shown
from jobs.transforms.base import Example, Surroundings, Transform
from jobs.transforms.delegated import answer
from jobs.transforms.follows import Follows
from jobs.transforms.meanings import dates_as_times
from jobs.transforms.scalars import fit
from jobs.transforms.usage import Columns, plus

# those that pandas reads
_FORMATS: Final = ("%H:%M", "%H%M", "%I:%M%p", "%I%M%p", "%H:%M:%S", "%H%M%S", "%I:%M:%S%p", "%I%M%S%p", "%H:%M:%S.%f")
_TIMES: Final[list[dict[str, Any]]] = [{"at": "2024-07-01 08:30"}, {"at": "2024-07-01 12:00"}, {"at": None}]
_READ: Final[dict[str, Any]] = {"op": "to_datetime", "columns": "at"}
_HOUR: Final[dict[str, Any]] = {"op": "assign", "columns": {"at": "at.dt.hour"}}


def _read(text: str) -> Any:
    """A time of day, or None where the text is none."""
    for form in _FORMATS:
        try:
            return datetime.strptime(text, form).time()  # noqa: DTZ007  # a time of day has no zone
        except ValueError:
            continue
    return None


def _time(text: str) -> str:
    if _read(text) is None:
        raise refusal(ArgumentInvalid(f"no time of day {shown(text)}; write it as in '09:30' or '17:45:30'"))
    return text


TimeOfDay = Annotated[str, AfterValidator(_time)]


class _Some(Transform):
    family = "rows"
    follows = Follows.WHOLLY
    keeps = True

    on: str
    """The column that acts as the index; rows where it is null are left out."""

    def rows_after(self, given: int, others: Sequence[int]) -> int:  # noqa: ARG002  # there are none
        """All, at most."""
        return given

    def needs(self, wanted: Columns) -> Columns:
        """The column that acts as the index too."""
        return plus(wanted, [self.on])

    def _moments(self, frame: pd.DataFrame) -> pd.DatetimeIndex:
        column = one_column(frame, self.on, "/on")
        ready = dates_as_times(column.to_frame()).iloc[:, 0]
        if ready.dtype.kind != "M":
            detail = f"column {self.on!r} is {column.dtype}, and this wants times; make them with to_datetime"
            raise DtypeUnsuitable(detail, column=self.on, dtype=str(column.dtype), pointer="/on")
        return pd.DatetimeIndex(ready)


class Truncate(_Some):
    """Keep the rows whose value in `on` lies from `before` to `after`, both included; they need not be sorted."""

    op = "truncate"
    example: ClassVar[Example] = Example(
        inputs={"df": [{"day": 1, "flights": 10}, {"day": 2, "flights": 12}, {"day": 3, "flights": 9}]},
        pipeline=[{"op": "truncate", "on": "day", "before": 2}],
        result=[{"day": 2, "flights": 12}, {"day": 3, "flights": 9}],
    )

    before: str | int | float | None = None
    """Leave out what is less."""
    after: str | int | float | None = None
    """Leave out what is more."""

    def apply(self, frame: pd.DataFrame, _: Surroundings) -> pd.DataFrame:
        """The rows between, in their order."""
        column = one_column(frame, self.on, "/on")
        least, most = (_bound(getattr(self, side), column, f"/{side}") for side in ("before", "after"))
        if least is not None and most is not None and least > most:
            raise ArgumentInvalid(f"'after' {self.after} lies before 'before' {self.before}", "/after")
        kept = answer(column.to_frame(), self.op, lambda given: _between(given.iloc[:, 0], least, most))
        return plain(frame[kept.iloc[:, 0].to_numpy()])


class BetweenTime(_Some):
    """Keep the rows whose time of day in `on` lies from `start_time` to `end_time`, which may be past midnight."""

    op = "between_time"
    example: ClassVar[Example] = Example(
        inputs={"df": _TIMES},
        pipeline=[_READ, {"op": "between_time", "on": "at", "start_time": "08:00", "end_time": "9:00"}, _HOUR],
        result=[{"at": 8}],
    )

    start_time: TimeOfDay
    """`HH:MM`, `HH:MM:SS` or `9:30pm`."""
    end_time: TimeOfDay
    """Likewise."""
    inclusive: Literal["both", "neither", "left", "right"] = "both"
    """Which of the two is in."""

    def apply(self, frame: pd.DataFrame, _: Surroundings) -> pd.DataFrame:
        """The rows between, in their order."""
        moments = self._moments(frame)
        found = moments.indexer_between_time(
            _read(self.start_time),
            _read(self.end_time),
            include_start=self.inclusive in ("both", "left"),
            include_end=self.inclusive in ("both", "right"),
        )
        return _rows(frame, moments, found)


class AtTime(_Some):
    """Keep the rows whose time of day in `on` is this one, to the microsecond."""

    op = "at_time"
    example: ClassVar[Example] = Example(
        inputs={"df": _TIMES},
        pipeline=[_READ, {"op": "at_time", "on": "at", "time": "12:00"}, _HOUR],
        result=[{"at": 12}],
    )

    time: TimeOfDay
    """`HH:MM`, `HH:MM:SS` or `9:30pm`."""

    def apply(self, frame: pd.DataFrame, _: Surroundings) -> pd.DataFrame:
        """The rows of that time, in their order."""
        moments = self._moments(frame)
        return _rows(frame, moments, moments.indexer_at_time(_read(self.time)))


def _rows(frame: pd.DataFrame, moments: pd.DatetimeIndex, found: Any) -> pd.DataFrame:
    kept = np.zeros(len(frame), dtype=bool)
    kept[found] = True
    return plain(frame[kept & moments.notna()])


def _bound(value: Scalar, column: pd.Series, at: str) -> Any:
    if value is None:
        return None
    numbers = pd.api.types.is_numeric_dtype(column.dtype) and not isinstance(column.dtype, pd.ArrowDtype)
    return value if numbers and not isinstance(value, str) else fit(value, column, at)


def _between(column: pd.Series, least: Any, most: Any) -> pd.DataFrame:
    kept = column.notna()
    for one in (least is None or column >= least, most is None or column <= most):
        kept &= one if isinstance(one, bool) else one.fillna(False).to_numpy(dtype=bool)  # noqa: FBT003  # for null
    return kept.to_frame()
