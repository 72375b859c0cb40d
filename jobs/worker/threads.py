"""The bounded pool in which frames are touched, and the flag by which an attempt is asked to stop."""

import asyncio
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from typing import Any, TypeVar

T = TypeVar("T")


class LeaseLostError(Exception):
    """The job is another attempt's now: nothing of this one may be written any more."""


class DrainedError(Exception):
    """The worker ends: the job goes back with its try."""


class Stop:
    """Asked on the event loop; seen there at once, and in the thread between steps and by `Context.check_canceled`."""

    def __init__(self) -> None:
        self.reason: Exception | None = None
        self._asked = asyncio.Event()

    def ask(self, reason: Exception) -> None:
        """Ask the attempt to end; the first reason stays."""
        if self.reason is None:
            self.reason = reason
            self._asked.set()

    def check(self) -> None:
        """Raise the reason where one was given."""
        if self.reason is not None:
            raise self.reason

    async def wait(self, timeout_s: float) -> None:
        """Until it is asked, at most `timeout_s`."""
        with suppress(TimeoutError):
            await asyncio.wait_for(self._asked.wait(), timeout_s)

    async def until(self, running: "asyncio.Future[T]", timeout_s: float) -> bool:
        """Until `running` ends, the stop is asked or the time is over: True where `running` has ended."""
        asked = asyncio.ensure_future(self._asked.wait())
        try:
            waited: set[asyncio.Future[Any]] = {running, asked}
            done, _ = await asyncio.wait(waited, timeout=timeout_s, return_when=asyncio.FIRST_COMPLETED)
        finally:
            asked.cancel()
        return running in done


class ThreadPool:
    """At most `size` threads. A slot is free only when its thread is: who waits for `run` waits for the thread."""

    def __init__(self, size: int) -> None:
        self.size = size
        self._executor = ThreadPoolExecutor(size, thread_name_prefix="transform")
        self._running = 0
        self._lock = threading.Lock()

    @property
    def running(self) -> int:
        """Threads that are at work now."""
        return self._running

    def run(self, function: Callable[[], T]) -> "asyncio.Future[T]":
        """Run `function` in a thread; the future ends when the thread has."""
        return asyncio.get_running_loop().run_in_executor(self._executor, self._counted, function)

    def _counted(self, function: Callable[[], T]) -> T:
        with self._lock:
            self._running += 1
        try:
            return function()
        finally:
            with self._lock:
                self._running -= 1

    def close(self) -> None:
        """Take no more work; threads that still run are not waited for."""
        self._executor.shutdown(wait=False, cancel_futures=True)
