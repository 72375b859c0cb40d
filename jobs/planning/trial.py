"""A pipeline tried on frames without rows: what is wrong with it whatever the data, and the columns after each step.

A step that is given something unknown, or whose columns depend on data, gives something unknown, and the check goes on
where another frame begins. An error counts only where the data cannot be what it came from: names have to be certain
for one about names, and one about dtypes has to come again on rows that are made up, with nulls and without.
"""

import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, Final

import numpy as np
import pandas as pd
import pyarrow as pa

from jobs.errors import (
    ArgumentInvalid,
    ColumnAmbiguous,
    ColumnTaken,
    ColumnUnknown,
    DtypeUnsuitable,
    FramequeueError,
    OutputTooLarge,
)
from jobs.pipeline import Pipeline, Step
from jobs.pipeline.failures import Moment, failure_of
from jobs.planning.blank import blank, made_up
from jobs.planning.schema import Known, Schema, is_plain
from jobs.transforms.base import Surroundings
from jobs.transforms.follows import Follows

_ABOUT_NAMES: Final = (ColumnUnknown, ColumnAmbiguous, ColumnTaken, ArgumentInvalid, OutputTooLarge)
_AFTER: Final[Mapping[Follows, tuple[Known, Known, Known]]] = {
    # what is known of the result where nothing, names, or dtypes were known
    Follows.DATA: (Known.NOTHING, Known.NOTHING, Known.NOTHING),
    Follows.DTYPES: (Known.NOTHING, Known.NOTHING, Known.NAMES),
    Follows.NAMES: (Known.NOTHING, Known.NAMES, Known.NAMES),
    Follows.WHOLLY: (Known.NOTHING, Known.NAMES, Known.DTYPES),
}
_LONGEST_S: Final = 0.5
"""No step is tried after that time; the rest is then left to the run."""


@dataclass(frozen=True, slots=True)
class Sight:
    """What is known of a frame: one like it with no rows (or made-up ones), and the columns that have no nulls."""

    frame: pd.DataFrame
    known: Known
    filled: frozenset[str] = frozenset()


UNSEEN: Final[Sight | None] = None


@dataclass(frozen=True, slots=True)
class Failure:
    """A step that failed in the trial, and whether the data could not have helped it as far as one trial tells."""

    step: Step
    error: FramequeueError
    certain: bool


@dataclass(slots=True)
class Trial:
    """One run over such frames; `after` holds what is known after each step, `failures` those that failed."""

    pipeline: Pipeline
    frames: dict[str, Sight | None]
    max_columns: int
    ends: float = field(default_factory=lambda: time.perf_counter() + _LONGEST_S)
    after: list[Sight | None] = field(default_factory=list)
    failures: list[Failure] = field(default_factory=list)

    def run(self) -> "Trial":
        """Try every step that something is known for."""
        start = self.pipeline.start
        current = self.frames.get(start) if start is not None else None
        for step in self.pipeline.steps:
            given = current if step.source is None else self.frames.get(step.source)
            current = self._tried(step, given)
            if step.save is not None:
                self.frames[step.save] = current
            self.after.append(current)
        return self

    def _tried(self, step: Step, given: Sight | None) -> Sight | None:
        others = {name: self.frames.get(name) for _, name in step.transform.uses()}
        sights = [given, *others.values()]
        seen = [sight for sight in sights if sight is not None]
        least = min((sight.known for sight in seen), default=Known.NOTHING)
        known = _AFTER[step.transform.columns_follow()][least]
        # where even certain frames would not do, the step is not tried: it may be a user's own code
        if given is None or len(seen) < len(sights) or step.transform.columns_follow() is Follows.DATA:
            return UNSEEN
        if time.perf_counter() > self.ends:
            return UNSEEN
        frames = {name: sight.frame for name, sight in others.items() if sight is not None}
        try:
            result = self._applied(step, given.frame, frames)
        except Exception as raised:  # noqa: BLE001  # whatever a step raises without data: what it means is asked below
            moment = Moment(step, given.frame, raised)
            self.failures.append(Failure(step, failure_of(moment), _certain(raised, least, known)))
            return UNSEEN
        if known is Known.NOTHING or (len(given.frame) and not len(result)):
            return UNSEEN
        if known is Known.DTYPES and not all(map(_is_plain, result.dtypes)):
            known = Known.NAMES
        return Sight(result, known, _filled(step, given, result))

    def _applied(self, step: Step, frame: pd.DataFrame, frames: Mapping[str, pd.DataFrame]) -> pd.DataFrame:
        around = Surroundings(frames=frames, max_columns=self.max_columns, made_up=True)
        result = step.transform.apply(frame, around)
        if result.shape[1] > self.max_columns:
            raise OutputTooLarge("columns", result.shape[1], self.max_columns, "limits.columns")
        emptied = len(frame) > 0 and len(result) == 0
        if emptied and result.columns.equals(frame.columns) and result.dtypes.equals(frame.dtypes):
            return frame  # a condition that no made-up row meets: others may
        return result


def tried(pipeline: Pipeline, schemas: Mapping[str, Schema], max_columns: int) -> Trial:
    """The pipeline tried on no rows."""
    return _trial(pipeline, schemas, max_columns, blank).run()


def problems_of(pipeline: Pipeline, schemas: Mapping[str, Schema], max_columns: int) -> list[FramequeueError]:
    """What is wrong with the pipeline over inputs of these schemas, whatever the data; each points at its step."""
    guessed = {name: schema.guessed() for name, schema in schemas.items()}
    return certain(tried(pipeline, guessed, max_columns), guessed)


def certain(trial: Trial, schemas: Mapping[str, Schema]) -> list[FramequeueError]:
    """The errors of a trial that the run would meet as well."""
    return [one.error for one in trial.failures if one.certain and _comes_again(one, trial, schemas)]


def _comes_again(failure: Failure, trial: Trial, schemas: Mapping[str, Schema]) -> bool:
    if not isinstance(failure.error, DtypeUnsuitable):
        return True
    ways: Sequence[Callable[[Schema], pd.DataFrame]] = (
        lambda schema: blank(schema, nullable=False),
        lambda schema: blank(schema, nullable=True),
        lambda schema: made_up(schema, nulls=False),
        lambda schema: made_up(schema, nulls=True),
    )
    steps = trial.pipeline.steps[: failure.step.index + 1]
    pipeline = replace(trial.pipeline, steps=steps)
    for way in ways:
        again = _trial(pipeline, schemas, trial.max_columns, way).run()
        last = again.failures[-1] if again.failures else None
        if last is None or not _alike(failure, last):
            return False
    return True


def _alike(one: Failure, other: Failure) -> bool:
    places = [[place.pointer for place in failure.error.places] for failure in (one, other)]
    return one.step.index == other.step.index and type(one.error) is type(other.error) and places[0] == places[1]


def _trial(
    pipeline: Pipeline, schemas: Mapping[str, Schema], max_columns: int, way: Callable[[Schema], pd.DataFrame]
) -> Trial:
    frames = {name: _sight(schema, way) for name, schema in schemas.items()}
    return Trial(pipeline, frames, max_columns)


def _sight(schema: Schema, way: Callable[[Schema], pd.DataFrame]) -> Sight | None:
    if schema.known is Known.NOTHING:
        return UNSEEN
    try:
        frame = way(schema)
    except (pa.ArrowException, ValueError, TypeError, KeyError):  # a type of which no frame can be made here
        return UNSEEN
    nullable = {one.name for one in schema.fields if one.nullable}
    return Sight(frame, schema.known, frozenset(one.name for one in schema.fields) - nullable)


def _certain(raised: Exception, least: Known, known: Known) -> bool:
    """Whether an error could not come from the data; `known` is what would be known of the step's result."""
    if isinstance(raised, DtypeUnsuitable):
        return least is Known.DTYPES
    return isinstance(raised, _ABOUT_NAMES) and known is not Known.NOTHING


def _is_plain(dtype: Any) -> bool:
    if isinstance(dtype, np.dtype):
        return dtype.kind in "biufmM"
    return is_plain(dtype.pyarrow_dtype) if isinstance(dtype, pd.ArrowDtype) else not isinstance(dtype, _LOOSE)


_LOOSE: Final = (pd.CategoricalDtype, pd.PeriodDtype, pd.IntervalDtype, pd.SparseDtype)


def _filled(step: Step, given: Sight, result: pd.DataFrame) -> frozenset[str]:
    return given.filled & frozenset(result.columns) if step.transform.keeps else frozenset()
