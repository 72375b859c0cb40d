"""The bounded pool in which frames are touched, and the flag by which a thread is asked to stop."""

import asyncio
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

from jobs.errors import JobStopped

T = TypeVar("T")


class Stop:
    """Asked from the event loop, checked in the thread: between steps, and by `Context.check_canceled`."""

    def __init__(self) -> None:
        self._reason: JobStopped | None = None

    def ask(self, reason: JobStopped) -> None:
        """Ask the thread to end; the first reason stays."""
        self._reason = self._reason or reason

    def check(self) -> None:
        """Raise the reason where one was given."""
        if self._reason is not None:
            raise self._reason


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
