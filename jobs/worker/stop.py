"""The flag by which an attempt is asked to stop, and the reasons that are not errors of the job."""

import asyncio
from contextlib import suppress
from typing import Any


class LeaseLostError(Exception):
    """The job is another attempt's now: nothing of this one may be written any more."""


class DrainedError(Exception):
    """The worker ends: the job goes back with its try."""


class Stop:
    """Asked on the event loop; seen there at once, and in the thread between steps and by `Context.check_canceled`."""

    def __init__(self) -> None:
        self.reason: Exception | None = None
        self.answered = False
        """Whether the attempt's end is written, though its thread may still run."""
        self._asked, self._drained = asyncio.Event(), asyncio.Event()

    def ask(self, reason: Exception) -> None:
        """Ask the attempt to end; the first reason stays."""
        if isinstance(reason, DrainedError):
            self._drained.set()
        if self.reason is None:
            self.reason = reason
            self._asked.set()

    @property
    def drained(self) -> bool:
        """Whether the worker ends, whatever else the attempt was asked for before."""
        return self._drained.is_set()

    def check(self) -> None:
        """Raise the reason where one was given."""
        if self.reason is not None:
            raise self.reason

    async def pause(self, timeout_s: float) -> None:
        """For `timeout_s`, or until the worker ends."""
        with suppress(TimeoutError):
            await asyncio.wait_for(self._drained.wait(), timeout_s)

    async def until(self, running: "asyncio.Future[Any]", timeout_s: float) -> bool:
        """Until `running` ends, the stop is asked or the time is over: True where `running` has ended."""
        asked = asyncio.ensure_future(self._asked.wait())
        try:
            waited: set[asyncio.Future[Any]] = {running, asked}
            done, _ = await asyncio.wait(waited, timeout=timeout_s, return_when=asyncio.FIRST_COMPLETED)
        finally:
            asked.cancel()
        return running in done
