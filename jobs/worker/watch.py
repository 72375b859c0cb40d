"""What is known of an attempt while it runs: written in its thread, and read where a stop needs a report."""

import sys
import threading
import traceback
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final

import pandas as pd

from jobs.errors import FramequeueError
from jobs.pipeline import Step, StepDetails, failure_details
from jobs.pipeline.failures import Moment
from jobs.worker.inputs import Given
from jobs.worker.memory import Memory

_STACK: Final = 40


@dataclass
class Watch:
    """Where an attempt is, and how much memory it took so far."""

    memory: Memory = field(default_factory=Memory)
    given: Given | None = None
    """Its inputs, once the pipeline is known."""
    _thread: int | None = None
    _noted: tuple[FramequeueError, StepDetails | None] | None = None
    _at: tuple[Step, pd.DataFrame, Mapping[str, pd.DataFrame]] | None = None

    def enter(self, payload_bytes: int) -> None:
        """In the thread: the attempt begins, holding its payloads."""
        self._thread = threading.get_ident()
        self.memory.beside = payload_bytes
        self.memory.see(())

    def leave(self) -> None:
        """The thread goes on to other work."""
        self._thread = self._at = None

    def before_step(self, step: Step, frame: pd.DataFrame, named: Mapping[str, pd.DataFrame]) -> None:
        """A step begins."""
        self._at = (step, frame, named)

    def after_step(self, result: pd.DataFrame) -> None:
        """It has ended: what it was given, what it gave and what has a name are all alive now."""
        if self._at is not None:
            _, frame, named = self._at
            self.memory.see((frame, result, *named.values()))
        self._at = None

    def note(self, error: FramequeueError) -> None:
        """In the thread: put together what is to be told of this failure, since texts of a user's objects are code."""
        self._noted = error, failure_details(error)

    def details(self, error: FramequeueError) -> StepDetails | None:
        """The step that `error` stands for, or the one that runs now; None outside the steps. Runs no user's code."""
        if self._noted is not None and self._noted[0] is error:
            return self._noted[1]
        at = self._at
        if error.moment is None and at is not None:
            step, frame, _ = at
            error.moment = Moment(step, frame, error)
        return failure_details(error, plainly=True)

    def stack(self) -> str | None:
        """Where the attempt's thread is now; None where it is not at work."""
        frame = None if self._thread is None else sys._current_frames().get(self._thread)  # noqa: SLF001  # CPython's only way
        return None if frame is None else "".join(traceback.format_stack(frame, _STACK))
