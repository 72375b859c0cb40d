"""Progress from the thread to the record: throttled, fenced, and never in the way of the work."""

import asyncio
import logging
import time
from contextlib import suppress

from jobs.errors import StoreError
from jobs.model import Progress
from jobs.store.claims import Claim
from jobs.store.jobs import JobStore

logger = logging.getLogger(__name__)
# a job that is done sooner than this writes no progress at all
_EVERY_S = 0.25


class ProgressTeller:
    """Takes an attempt's progress from its thread and writes the newest of it, at most four times a second."""

    def __init__(self, store: JobStore, claim: Claim) -> None:
        self._store, self._claim = store, claim
        self._loop = asyncio.get_running_loop()
        self._told_at = time.monotonic()
        self._writing: asyncio.Task[None] | None = None
        self._closed = False
        self._newest: Progress | None = None

    @property
    def where(self) -> str:
        """The step that runs now, for messages."""
        return "" if self._newest is None else f"step {min(self._newest.step + 1, self._newest.steps)}"

    def tell(self, step: int, steps: int, fraction: float) -> None:
        """Called in the thread."""
        self._newest = Progress(step=step, steps=steps, fraction=round(fraction, 4))
        if time.monotonic() - self._told_at >= _EVERY_S:
            self._told_at = time.monotonic()
            with suppress(RuntimeError):  # the loop is closed: the worker is going away
                self._loop.call_soon_threadsafe(self._write)

    def close(self) -> None:
        """No more writes; the end of the attempt comes next."""
        self._closed = True

    def _write(self) -> None:
        if not self._closed and (self._writing is None or self._writing.done()):
            self._writing = self._loop.create_task(self._send())

    async def _send(self) -> None:
        if self._newest is None or self._closed:
            return
        try:
            await self._store.progress(self._claim, self._newest)
        except StoreError as error:
            logger.debug("progress of %s not written: %s", self._claim.id, error)
