"""Branches that wait for nothing, worked on in threads of their own while the pipeline goes on step by step.

The pipeline still comes by all steps in their order: observers hear of each in turn, and the first error is that of the
first step. What was done ahead is there by then, or is waited for.
"""

import threading
from collections import Counter
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from itertools import pairwise
from time import perf_counter
from typing import Final

import pandas as pd

from jobs.interrupted import InterruptedThread, raise_in
from jobs.pipeline.frames import Frames
from jobs.pipeline.steps import Step
from jobs.transforms.own import OwnTransform

Apply = Callable[[Step, pd.DataFrame], pd.DataFrame]
_LOOK_S: Final = 0.05


@dataclass(slots=True)
class Made:
    """What was made of one step: the frame it was given, and then its result or what it raised."""

    given: pd.DataFrame
    result: pd.DataFrame | None = None
    raised: BaseException | None = None
    elapsed_ms: float = 0.0
    over: bool = False


def branches_of(steps: Sequence[Step]) -> list[tuple[Step, ...]]:
    """The steps cut where one begins with a named frame."""
    cuts = [0, *(step.index for step in steps[1:] if step.source is not None), len(steps)]
    return [tuple(steps[begin:end]) for begin, end in pairwise(cuts)]


class Ahead:
    """Works on later branches, `most` at a time: those of which all frames are there, and of built-in ops alone.

    An input that is not decoded yet is decoded there as well, where no other branch reads it. `start` is the input that
    the first step reads.
    """

    def __init__(self, steps: Sequence[Step], start: str | None, frames: Frames, apply: Apply, most: int) -> None:
        self._frames, self._apply = frames, apply
        self._at_work: dict[int, Branch] = {}
        branches = branches_of(steps) if most else []
        # a user's own transform may read any input, and its logs and progress are those of the step that runs
        self._most = 0 if most and any(isinstance(step.transform, OwnTransform) for step in steps) else most
        self._branches = branches[1:] if self._most else []
        names = [start, *(name for branch in branches for name in _names(branch))] if branches else []
        self._readers = Counter(names) if names else {}

    def look(self, index: int) -> None:
        """Begin with what can be begun, behind the step of this index."""
        for steps in self._branches:
            first = steps[0].index
            free = sum(one.is_alive() for one in self._at_work.values()) < self._most
            if free and first > index and first not in self._at_work and self._ready(steps):
                self._at_work[first] = Branch(steps, self._frames, self._apply)
                self._at_work[first].start()

    def of(self, step: Step) -> "Branch | None":
        """Who works on this step, if somebody does."""
        for branch in self._at_work.values():
            if branch.steps[0].index <= step.index <= branch.steps[-1].index:
                return branch
        return None

    def close(self) -> None:
        """End what is still at work, and see its threads out; raises InterruptedThread where that was raised here."""
        late: InterruptedThread | None = None
        for branch in self._at_work.values():
            branch.stop()
            while branch.is_alive():
                try:
                    branch.join(_LOOK_S)
                except InterruptedThread as again:
                    late = again
                    branch.stop()
        self._at_work.clear()
        if late is not None:
            raise late

    def _ready(self, steps: Sequence[Step]) -> bool:
        made = self._frames.made
        return all(name in made or (name in self._frames and self._readers[name] == 1) for name in _names(steps))


class Branch(threading.Thread):
    """One branch in a thread, which the pipeline follows step by step."""

    def __init__(self, steps: Sequence[Step], frames: Frames, apply: Apply) -> None:
        super().__init__(name=f"branch-{steps[0].index + 1}", daemon=True)
        self.steps = steps
        self._made: dict[int, Made] = {}
        self._failed: BaseException | None = None  # outside of all steps: in decoding
        self._frames, self._apply = frames, apply
        self._moved = threading.Event()
        self._lock = threading.Lock()
        self._stopped = self._left = False

    def run(self) -> None:
        """In the thread: one step after the other, until one fails."""
        with suppress(InterruptedThread):  # raised in the last instructions
            try:
                self._work()
            except BaseException as error:  # noqa: BLE001  # whoever waits for the branch raises it
                self._failed = error
            with self._lock:  # nothing is raised in this thread from now on
                self._left = True
        self._moved.set()

    def made(self, step: Step, check: Callable[[], None]) -> Made:
        """What is made of the step, once it has begun; `check` is called meanwhile and may raise."""
        while True:
            alive, made = self.is_alive(), self._made.get(step.index)  # in this order: it may end in between
            if made is not None:
                return made
            self._wait(check, alive=alive)

    def result(self, step: Step, check: Callable[[], None]) -> Made:
        """The same once it is over; the branch lets go of it."""
        made = self.made(step, check)
        while True:
            alive, over = self.is_alive(), made.over
            if over:
                return self._made.pop(step.index)
            self._wait(check, alive=alive)

    def stop(self) -> None:
        """Raise InterruptedThread in the thread, at its next Python instruction."""
        self._stopped = True
        with self._lock:
            if not self._left and self.ident is not None:
                raise_in(self.ident)

    def _wait(self, check: Callable[[], None], *, alive: bool) -> None:
        check()
        if not alive:
            raise self._failed or InterruptedThread
        self._moved.wait(_LOOK_S)
        self._moved.clear()

    def _work(self) -> None:
        frame: pd.DataFrame | None = None
        for step in self.steps:
            given = frame if step.source is None else self._frames.take(step.source)
            for _, name in step.transform.uses():
                self._frames.take(name)
            if given is None or self._stopped:
                return
            frame = self._step(step, given)

    def _step(self, step: Step, given: pd.DataFrame) -> pd.DataFrame | None:
        made = self._made[step.index] = Made(given)
        self._moved.set()
        started = perf_counter()
        try:
            made.result = result = self._apply(step, given)
        except InterruptedThread:
            raise
        except BaseException as error:  # noqa: BLE001  # as the pipeline itself would
            result, made.raised = None, error
        made.elapsed_ms = (perf_counter() - started) * 1e3
        made.over = True
        self._moved.set()
        return result


def _names(steps: Sequence[Step]) -> set[str]:
    """The named frames that steps read."""
    used = {name for step in steps for _, name in step.transform.uses()}
    return used | {step.source for step in steps if step.source is not None}
