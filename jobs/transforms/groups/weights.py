"""Weights that fall off with the distance: `ewm`."""

from collections.abc import Mapping, Sequence
from typing import Any, ClassVar

import pandas as pd
from pandas.api.indexers import BaseIndexer
from pandas.core.window.ewm import ExponentialMovingWindow
from pydantic import Field, model_validator

from jobs.errors import ArgumentInvalid, DtypeUnsuitable
from jobs.transforms.arguments import refusal
from jobs.transforms.base import Example
from jobs.transforms.groups.bounds import Given, Sorted, whole
from jobs.transforms.groups.functions import LARGEST
from jobs.transforms.groups.named import Aggregation, NamedWeights
from jobs.transforms.groups.times import Duration, duration, refuse_nulls, times_of
from jobs.transforms.groups.windows import Windowed, Windows


class Ewm(Windowed):
    """Add means (and spreads) of all rows up to each row, with weights that fall off exponentially.

    One of `com`, `span`, `halflife` and `alpha` says how fast. With `on`, they fall off with the time between the rows,
    `halflife` is a length of time, and there are means alone. Columns whose name is there are replaced; results are
    float64. Of pandas' there is no `online`.
    """

    op = "ewm"
    example: ClassVar[Example] = Example(
        inputs={"df": [{"store": "N", "sold": 2.0}, {"store": "S", "sold": 5.0}, {"store": "N", "sold": 4.0}]},
        pipeline=[{"op": "ewm", "alpha": 0.5, "adjust": False, "by": "store", "agg": {"trend": ["sold", "mean"]}}],
        result=[
            {"store": "N", "sold": 2.0, "trend": 2.0},
            {"store": "S", "sold": 5.0, "trend": 5.0},
            {"store": "N", "sold": 4.0, "trend": 3.0},
        ],
    )

    agg: NamedWeights
    """New column → `[source, function]` or `[source, function, {arguments}]`."""
    com: float | None = Field(None, ge=0, allow_inf_nan=False)
    """The decay as a centre of mass."""
    span: float | None = Field(None, ge=1, allow_inf_nan=False)
    """The decay as a span of rows."""
    halflife: float | Duration | None = None
    """After how many rows a weight is halved; with `on`, after how much time, as in `2D`."""
    alpha: float | None = Field(None, gt=0, le=1)
    """The decay as a smoothing factor."""
    min_periods: int = Field(0, ge=0, le=LARGEST)
    """With fewer values the result is null."""
    adjust: bool = True
    """Divide by the weights so far; false: a recursive mean."""
    ignore_na: bool = False
    """Weights count values alone; false: rows with null too."""
    on: str | None = None
    """The column of times along which weights fall off, `times` in pandas."""

    @model_validator(mode="after")
    def _one_decay(self) -> "Ewm":
        given = [name for name in ("com", "span", "halflife", "alpha") if dict(self)[name] is not None]
        if len(given) > 1 and not (self.on is not None and "halflife" in given and len(given) == 2):
            raise refusal(
                ArgumentInvalid(f"{given[1]!r} stands instead of {given[0]!r}, not beside it"), f"/{given[1]}"
            )
        if not given:
            raise refusal(ArgumentInvalid("one of 'com', 'span', 'halflife' and 'alpha' says how weights fall off"))
        if self.on is not None:
            self._check_times()
        elif isinstance(self.halflife, str):
            raise refusal(ArgumentInvalid("a 'halflife' of time needs 'on', the column of times"), "/halflife")
        elif self.halflife is not None and not 0 < self.halflife < LARGEST:
            raise refusal(ArgumentInvalid("'halflife' should be more than 0 rows"), "/halflife")
        self._check_functions()
        return self

    def _check_times(self) -> None:
        if not isinstance(self.halflife, str):
            raise refusal(ArgumentInvalid("with 'on', 'halflife' is a length of time such as '2D'"), "/halflife")
        if not self.adjust and (self.com, self.span, self.alpha) != (None, None, None):
            raise refusal(ArgumentInvalid("with 'on' and another decay, 'adjust' cannot be false"), "/adjust")

    def _check_functions(self) -> None:
        for name, entry in self.agg.items():
            if self.on is not None and entry.function != "mean":
                raise refusal(ArgumentInvalid(f"along times there is 'mean', not {entry.function!r}"), f"/agg/{name}/1")
            if entry.function == "sum" and not self.adjust:
                raise refusal(ArgumentInvalid("'sum' needs 'adjust'"), f"/agg/{name}/1")

    def named(self) -> Mapping[str, Aggregation]:
        """The new columns."""
        return self.agg

    def reads(self) -> Sequence[str]:
        """The times."""
        return () if self.on is None else (self.on,)

    def windows(self, frame: pd.DataFrame, rows: Sorted) -> Windows:
        """The weights of each group's rows."""
        words: dict[str, Any] = {"com": self.com, "span": self.span, "alpha": self.alpha, "halflife": self.halflife}
        words |= {"min_periods": self.min_periods, "adjust": self.adjust, "ignore_na": self.ignore_na}
        if self.on is not None and isinstance(self.halflife, str):
            times = times_of(frame, self.on, "/on")
            if not isinstance(times, pd.DatetimeIndex):
                detail = f"column {self.on!r} is {times.dtype}, and this wants dates and times of day"
                raise DtypeUnsuitable(detail, column=self.on, dtype=str(times.dtype), pointer="/on")
            refuse_nulls(times, frame, self.on, "/on")
            words["times"] = pd.Series(times[rows.order])
            words["halflife"] = duration(self.halflife)
        bounds = whole(rows)
        return lambda values: _Grouped(values, bounds, **words)


class _Grouped(ExponentialMovingWindow):  # type: ignore[type-arg]  # generic in the stubs alone
    """pandas' own, over rows that stand group by group: its kernels begin anew at each bound that they are given."""

    def __init__(self, values: pd.Series, bounds: Given, **words: Any) -> None:
        super().__init__(values, **words)  # type: ignore[call-arg]  # the stubs leave the arguments out
        self._bounds = bounds

    def _get_window_indexer(self) -> BaseIndexer:
        return self._bounds
