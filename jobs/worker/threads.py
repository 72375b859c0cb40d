"""The bounded pool in which frames are touched. A thread can be asked to stop by raising in it."""

import asyncio
import os
import queue
import sys
import threading
from collections.abc import Callable
from contextlib import suppress
from typing import Any, Generic, TypeVar

from jobs.errors.base import text_of
from jobs.interrupted import InterruptedThread, raise_in

T = TypeVar("T")


class Running(Generic[T]):
    """A function that runs in a thread of the pool; `ended` is done when the thread is free of it."""

    def __init__(self, function: Callable[[], T]) -> None:
        self.function = function
        self.loop = asyncio.get_running_loop()
        self.ended: asyncio.Future[T] = self.loop.create_future()
        self.raised_into = False
        self._lock = threading.Lock()
        self._thread: int | None = None

    def enter(self) -> T:
        """In the thread: run the function."""
        with self._lock:
            self._thread = threading.get_ident()
        try:
            return self.function()
        finally:
            with self._lock:
                self._thread = None

    def interrupt(self) -> bool:
        """Raise InterruptedThread in the thread, at its next Python instruction; False where it has left the function.

        A function that sleeps in C does not see it before it is back in Python; one that catches it goes on.
        """
        with self._lock:
            if self._thread is None:
                return False
            self.raised_into = True
            raise_in(self._thread)
            return True

    def deliver(self, result: Any, error: BaseException | None) -> None:
        """In the thread: hand over what came of it."""
        self.loop.call_soon_threadsafe(self._settle, result, error)

    def _settle(self, result: Any, error: BaseException | None) -> None:
        if self.ended.done():
            return
        if error is None:
            self.ended.set_result(result)
        elif isinstance(error, InterruptedThread) or (
            isinstance(error, Exception) and not isinstance(error, StopIteration)
        ):
            self.ended.set_exception(error)
        else:  # what would end, or cancel, whoever awaits it
            self.ended.set_exception(RuntimeError(f"{type(error).__name__}: {text_of(error)}"))


class _Thread:
    """One thread of the pool, for one function after another; a thread that was raised into is not used again."""

    def __init__(self, number: int, nice: int) -> None:
        self._nice, self._process = nice, os.getpid()
        self._inbox: queue.SimpleQueue[Running[Any] | None] = queue.SimpleQueue()
        # a daemon: the interpreter must not wait for a function that never returns
        threading.Thread(target=self._serve, name=f"transform-{number}", daemon=True).start()

    def take(self, running: Running[Any] | None) -> None:
        """The next function; None ends the thread."""
        self._inbox.put(running)

    def _serve(self) -> None:
        if self._nice and sys.platform == "linux":  # elsewhere a priority is the whole process'
            with suppress(OSError):
                me = threading.get_native_id()
                os.setpriority(os.PRIO_PROCESS, me, os.getpriority(os.PRIO_PROCESS, me) + self._nice)
        while (running := self._inbox.get()) is not None:
            result, error = None, None
            try:
                result = running.enter()
            except BaseException as raised:  # noqa: BLE001 what a thread raises is its attempt's, whatever it is
                error = raised
            if os.getpid() != self._process:  # a fork that the function made has come back here: it is nobody's
                os._exit(0)
            with suppress(RuntimeError):  # the loop is closed: the worker is going away
                try:
                    running.deliver(result, error)
                except InterruptedThread as late:  # raised between the function's last instruction and here
                    running.deliver(None, late)
            if running.raised_into:
                return
            # nothing of a job may live on in an idle thread
            del running, result, error


class ThreadPool:
    """At most `size` threads at work, started when first needed; with `nice` they yield to others on the same cores."""

    def __init__(self, size: int, nice: int = 0) -> None:
        self.size = size
        self._nice = nice
        self._idle: list[_Thread] = []
        self._started = self._at_work = 0
        self._closed = False

    @property
    def running(self) -> int:
        """Threads that are at work now."""
        return self._at_work

    def run(self, function: Callable[[], T]) -> Running[T]:
        """Run `function` in a thread; its slot is free only when `ended` is done."""
        if self._at_work >= self.size or self._closed:
            raise RuntimeError("no free thread")  # whoever claims counts the slots
        running = Running(function)
        thread = self._idle.pop() if self._idle else self._new()
        self._at_work += 1
        running.ended.add_done_callback(lambda _: self._back(thread, running))
        thread.take(running)
        return running

    def _new(self) -> _Thread:
        self._started += 1
        return _Thread(self._started, self._nice)

    def _back(self, thread: _Thread, running: Running[Any]) -> None:
        self._at_work -= 1
        if running.raised_into or self._closed:
            thread.take(None)
        else:
            self._idle.append(thread)

    def close(self) -> None:
        """Take no more work; threads that still run are not waited for."""
        self._closed = True
        while self._idle:
            self._idle.pop().take(None)
