"""Time zones of a column of times."""

from collections.abc import Sequence
from typing import Annotated, Any, ClassVar, Literal
from zoneinfo import ZoneInfo

import numpy as np
import pandas as pd
from pydantic import AfterValidator

from jobs.errors import ArgumentInvalid, DtypeUnsuitable
from jobs.transforms.arguments import one_column, refusal, shown
from jobs.transforms.base import Example, Surroundings, Transform
from jobs.transforms.delegated import REFUSALS, reason
from jobs.transforms.follows import Follows
from jobs.transforms.usage import Columns, plus


def _zone(name: str | None) -> str | None:
    try:
        if name is not None:
            ZoneInfo(name)
    except (ValueError, OSError, KeyError):  # not found is a KeyError, a folder of zones an OSError
        raise refusal(ArgumentInvalid(f"no time zone {shown(name)}; name it as in 'Europe/Berlin' or 'UTC'")) from None
    return name


Zone = Annotated[str | None, AfterValidator(_zone)]
_TIMES: list[dict[str, Any]] = [{"at": "2024-07-01 12:00"}]


class _Zoned(Transform):
    follows = Follows.WHOLLY

    on: str
    """The column of times."""
    tz: Zone
    """The zone by its IANA name; null takes the zone away."""

    def rows_after(self, given: int, others: Sequence[int]) -> int:  # noqa: ARG002  # there are none
        """The same."""
        return given

    def needs(self, wanted: Columns) -> Columns:
        """The column of times too."""
        return plus(wanted, [self.on])

    def _changed(self, frame: pd.DataFrame, call: Any) -> pd.DataFrame:
        column = one_column(frame, self.on, "/on")
        try:
            changed = call(column.dt)
        except REFUSALS as error:
            detail = f"{self.op} cannot work on column {self.on!r} ({column.dtype}): {reason(error)}"
            raise DtypeUnsuitable(detail, column=self.on, dtype=str(column.dtype), pointer="/on") from error
        result = frame.copy(deep=False)
        result.isetitem(list(frame.columns).index(self.on), changed.array)
        return result


class TzLocalize(_Zoned):
    """Say which zone times without a zone are in; the clock stays."""

    op = "tz_localize"
    family = "values"
    example: ClassVar[Example] = Example(
        inputs={"df": _TIMES},
        pipeline=[
            {"op": "to_datetime", "columns": "at"},
            {"op": "tz_localize", "on": "at", "tz": "Europe/Berlin"},
            {"op": "tz_convert", "on": "at", "tz": "UTC"},
            {"op": "assign", "columns": {"at": "at.dt.hour"}},
        ],
        result=[{"at": 10}],
    )

    ambiguous: Literal["raise", "NaT", "infer"] | bool = "raise"
    """An hour that comes twice when clocks go back fails the step, becomes null, is told by the order of the rows
    (`infer`), or is in summer time (true) or not (false)."""
    nonexistent: Literal["raise", "NaT", "shift_forward", "shift_backward"] = "raise"
    """An hour that is left out when clocks go forward fails the step, becomes null, or the next or last moment."""

    def apply(self, frame: pd.DataFrame, _: Surroundings) -> pd.DataFrame:
        """The frame with the times in that zone."""
        told = np.full(len(frame), self.ambiguous) if isinstance(self.ambiguous, bool) else self.ambiguous
        words: dict[str, Any] = {"ambiguous": told, "nonexistent": self.nonexistent}
        return self._changed(frame, lambda times: times.tz_localize(self.tz, **words))


class TzConvert(_Zoned):
    """Show times of one zone in another; the moment stays."""

    op = "tz_convert"
    family = "values"
    example: ClassVar[Example] = Example(
        inputs={"df": _TIMES},
        pipeline=[
            {"op": "to_datetime", "columns": "at", "utc": True},
            {"op": "tz_convert", "on": "at", "tz": "Asia/Tokyo"},
            {"op": "assign", "columns": {"at": "at.dt.hour"}},
        ],
        result=[{"at": 21}],
    )

    def apply(self, frame: pd.DataFrame, _: Surroundings) -> pd.DataFrame:
        """The frame with the times in that zone."""
        return self._changed(frame, lambda times: times.tz_convert(self.tz))
