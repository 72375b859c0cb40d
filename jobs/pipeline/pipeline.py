"""Pipeline: parse() checks a list of steps, run() carries it out over named frames."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import partial
from time import perf_counter
from typing import Any, Final, Protocol, Self

import pandas as pd

from jobs.errors import OutputTooLarge
from jobs.interrupted import InterruptedThread
from jobs.pipeline.ahead import Ahead, Branch
from jobs.pipeline.bounds import USUAL, Bounds
from jobs.pipeline.failures import Moment, failure_of
from jobs.pipeline.frames import Frames, Given
from jobs.pipeline.reading import Reading, readings
from jobs.pipeline.steps import Step, read_steps
from jobs.transforms.base import Surroundings
from jobs.transforms.catalogue import Catalogue
from jobs.transforms.context import Context


class Observer(Protocol):
    """Who is told of each step, and may stop the run between two by raising."""

    def before_step(self, step: Step, frame: pd.DataFrame, named: Mapping[str, pd.DataFrame]) -> None:
        """A step is about to work on `frame`, beside the frames that have names now."""
        ...

    def after_step(self, step: Step, result: pd.DataFrame, elapsed_ms: float) -> None:
        """The step is done, after so many milliseconds; its frame is still alive."""
        ...


class _Nobody:
    def before_step(self, step: Step, frame: pd.DataFrame, named: Mapping[str, pd.DataFrame]) -> None:
        """Nobody asks."""

    def after_step(self, step: Step, result: pd.DataFrame, elapsed_ms: float) -> None:
        """Nobody asks."""


NO_OBSERVER: Final[Observer] = _Nobody()


@dataclass(frozen=True, slots=True)
class Pipeline:
    """Checked steps over named frames. `start` names the input the first step reads where it does not say `from`.

    `readings` say what of each input has to be read: without the rest of it, every result is the same.
    """

    steps: tuple[Step, ...]
    inputs: tuple[str, ...]
    start: str | None = None
    readings: Mapping[str, Reading] = field(default_factory=dict)

    @classmethod
    def parse(
        cls, steps: Sequence[dict[str, Any]], inputs: Collection[str], catalogue: Catalogue, *, bounds: Bounds = USUAL
    ) -> Self:
        """Check a list of steps as JSON gives it against the names of the job's inputs.

        Raises the error of the first thing that is wrong; its `places` list everything that is, as `/pipeline/1/by`.
        """
        read = read_steps(steps, inputs, catalogue, bounds)
        names = tuple(inputs)
        start = names[0] if len(names) == 1 else None
        return cls(_with_frees(read, names, start), names, start, readings(read, names, start))

    def run(
        self,
        frames: Mapping[str, Given],
        *,
        context: Context | None = None,
        observer: Observer = NO_OBSERVER,
        max_rows: int = 50_000_000,
        max_columns: int = 10_000,
        done: Collection[int] = (),
        branches: int = 1,
    ) -> pd.DataFrame:
        """The frame after the last step; `frames` holds one frame per input, and none of them is changed.

        A function in place of a frame is called before the first step that reads it, outside of all steps, and what it
        raises passes as it is. A frame is let go after its last use: who drops its own references keeps memory low.
        `done` are the indexes of steps whose conditions their inputs met already when they were read: these pass on.
        With `branches` above 1 so many branches that do not wait for each other are worked on at a time; see `ahead`.
        Raises a FramequeueError that points at the step (`failure_details` tells more), and whatever `observer` raises.
        """
        names = Frames(frames)
        del frames
        context = context or Context()
        around = Surroundings(frames=names.made, max_rows=max_rows, max_columns=max_columns, context=context)
        most = branches - 1 if context.set_aside is None else 0
        ahead = Ahead(self.steps, self.start, names, partial(_applied, around=around, done=done), most)
        try:
            return self._run(names, around, ahead, done, observer)
        finally:
            ahead.close()

    def _run(
        self, names: Frames, around: Surroundings, ahead: Ahead, done: Collection[int], observer: Observer
    ) -> pd.DataFrame:
        frame = names.take(self.start) if not self.steps and self.start is not None else pd.DataFrame()
        for step in self.steps:
            ahead.look(step.index)
            branch = ahead.of(step)
            if branch is not None:
                frame = _followed(step, branch, around, observer)
            else:
                source = self.start if step.index == 0 and step.source is None else step.source
                given = frame if source is None else names.take(source)
                for _, name in step.transform.uses():
                    names.take(name)
                beside = self._with_inputs(names, around) if step.transform.reads_inputs else around
                frame = _observed(step, given, observer, beside, done)
                del given, beside
            if step.save is not None:
                names.made[step.save] = frame
            for name in step.frees:
                names.drop(name)
        return frame

    def _with_inputs(self, names: Frames, around: Surroundings) -> Surroundings:
        inputs = {name: names.take(name) for name in self.inputs}
        return replace(around, context=replace(around.context, inputs=inputs))


def _observed(
    step: Step, frame: pd.DataFrame, observer: Observer, around: Surroundings, done: Collection[int]
) -> pd.DataFrame:
    observer.before_step(step, frame, around.frames)
    started = perf_counter()
    try:
        result = _applied(step, frame, around, done)
    except InterruptedThread:
        raise
    except BaseException as error:  # whatever a user's function raises is its failure, and no cancellation of ours
        raise failure_of(Moment(step, frame, error)) from error
    observer.after_step(step, result, (perf_counter() - started) * 1e3)
    return result


def _followed(step: Step, branch: Branch, around: Surroundings, observer: Observer) -> pd.DataFrame:
    """As `_observed`, of a step that is worked on ahead."""
    check = around.context.check_canceled
    observer.before_step(step, branch.made(step, check).given, around.frames)
    made = branch.result(step, check)
    if made.raised is not None or made.result is None:
        error = made.raised or InterruptedThread()
        raise failure_of(Moment(step, made.given, error)) from error
    observer.after_step(step, made.result, made.elapsed_ms)
    return made.result


def _applied(step: Step, frame: pd.DataFrame, around: Surroundings, done: Collection[int]) -> pd.DataFrame:
    result = frame if step.index in done else step.transform.apply(frame, around)
    _check_size(result, around)
    return result


def _check_size(frame: pd.DataFrame, around: Surroundings) -> None:
    rows, columns = frame.shape
    if rows > around.max_rows:
        raise OutputTooLarge("rows", rows, around.max_rows, "limits.rows")
    if columns > around.max_columns:
        raise OutputTooLarge("columns", columns, around.max_columns, "limits.columns")


def _with_frees(steps: tuple[Step, ...], inputs: tuple[str, ...], start: str | None) -> tuple[Step, ...]:
    """Note at each step which names nobody uses after it."""
    last = dict.fromkeys(inputs, 0)
    for step in steps:
        used = {name for _, name in step.transform.uses()}
        used.update(name for name in (step.source, step.save) if name is not None)
        if step.index == 0 and start is not None:
            used.add(start)
        if step.transform.reads_inputs:
            used.update(inputs)
        last.update(dict.fromkeys(used, step.index))
    return tuple(
        replace(step, frees=tuple(name for name, index in last.items() if index == step.index)) for step in steps
    )
