"""The process that stands by: when it is started, and what its end means. Starting Python with pandas takes seconds."""

import logging

from jobs.supervisor.backoff import FIRST_PAUSE_S, WRONG_SETTING, Backoff, again, how_it_ended
from jobs.supervisor.child import WorkerProcess

logger = logging.getLogger(__name__)
_AFTER_S = 2.0
_NEVER = float("inf")


class Reserve:
    """At most one process that waits to become the worker; times are `time.monotonic()`."""

    def __init__(self, *, wanted: bool) -> None:
        self._wanted = wanted
        self._process: WorkerProcess | None = None
        self._due_at: float | None = None
        self._backoff = Backoff()

    def is_due(self, now: float, *, up: bool) -> bool:
        """Whether one is to be started now: some time after the worker is `up`, whose first jobs want the processor."""
        if not self._wanted or self._process is not None:
            return False
        if self._due_at is None and up:
            self._due_at = now + _AFTER_S
        return self._due_at is not None and now >= self._due_at

    def hurry(self, now: float) -> None:
        """The worker is to be replaced in a while, and nobody else wants the processor."""
        if self._due_at is None or self._due_at <= now + _AFTER_S:
            self._due_at = now

    def later(self) -> None:
        """A worker starts that did not stand by: first it is to be up."""
        self._due_at = None

    def started(self, process: WorkerProcess) -> None:
        """There is one now."""
        self._process = process

    def not_started(self, now: float, error: OSError) -> None:
        """The system refuses another process."""
        pause_s = max(FIRST_PAUSE_S, self._backoff.died(0))
        self._due_at = now + pause_s
        logger.warning("the standby process cannot be started: %s; trying again in %g s", error, pause_s)

    def wake(self) -> WorkerProcess | None:
        """Make it the worker; None where there is none, or where it has just died."""
        process = self._process
        if process is None or not process.wake():
            return None
        self._process, self._due_at = None, None
        return process

    def ended(self, process: WorkerProcess, code: int, now: float) -> None:
        """It is gone, which costs nobody anything; the next one is started as a dead worker is."""
        if self._process is process:
            self._process = None
        if process.leaving:
            return
        if code == WRONG_SETTING:
            # it has said what is wrong; the worker still runs with what was right when it started
            self._due_at = _NEVER
            logger.warning("no process stands by: the settings are not what they were; see the line above")
            return
        pause_s = self._backoff.died(now - process.started)
        self._due_at = now + pause_s
        logger.warning("the standby process %s; %s", how_it_ended(code), again(pause_s))
