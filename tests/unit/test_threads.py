"""The thread pool: a slot is free when its thread is, and a thread can be raised into."""

import asyncio
import os
import sys
import threading
import time
from collections.abc import AsyncIterator

import pytest

from jobs.interrupted import InterruptedThread
from jobs.worker.threads import ThreadPool


@pytest.fixture
async def pool() -> AsyncIterator[ThreadPool]:
    pool = ThreadPool(2)
    yield pool
    pool.close()


def spin() -> None:
    while True:
        time.monotonic()


async def test_results_and_errors_come_back(pool: ThreadPool) -> None:
    assert await pool.run(lambda: 3).ended == 3
    with pytest.raises(ZeroDivisionError):
        await pool.run(lambda: 1 / 0).ended
    for ends_who_waits in (SystemExit, asyncio.CancelledError, StopIteration, GeneratorExit):

        def fail(kind: type[BaseException] = ends_who_waits) -> None:
            raise kind("x")

        with pytest.raises(RuntimeError, match=f"{ends_who_waits.__name__}: x"):
            await pool.run(fail).ended
    assert pool.running == 0


async def test_threads_are_used_again(pool: ThreadPool) -> None:
    seen = {await pool.run(threading.get_ident).ended for _ in range(20)}
    assert len(seen) == 1


async def test_there_are_no_more_threads_than_slots(pool: ThreadPool) -> None:
    gate = threading.Event()
    both = [pool.run(gate.wait), pool.run(gate.wait)]
    assert pool.running == 2
    with pytest.raises(RuntimeError, match="no free thread"):
        pool.run(gate.wait)
    gate.set()
    assert await asyncio.gather(*(one.ended for one in both)) == [True, True]
    assert pool.running == 0


async def test_a_spinning_thread_ends_when_it_is_raised_into(pool: ThreadPool) -> None:
    running = pool.run(spin)
    while not running.interrupt():
        await asyncio.sleep(0)
    with pytest.raises(InterruptedThread):
        await asyncio.wait_for(running.ended, 30)
    assert pool.running == 0
    assert await pool.run(lambda: 4).ended == 4


async def test_a_thread_that_was_raised_into_is_not_used_again(pool: ThreadPool) -> None:
    for _ in range(20):
        running = pool.run(lambda: sum(range(10_000)))
        running.interrupt()  # before, within or after the function
        await asyncio.wait({running.ended})
        error = running.ended.exception()
        assert error is None or isinstance(error, InterruptedThread)
        assert await pool.run(lambda: 5).ended == 5


async def test_who_has_left_the_function_is_not_raised_into(pool: ThreadPool) -> None:
    running = pool.run(lambda: 6)
    await running.ended
    assert not running.interrupt()


@pytest.mark.parametrize("nice", [0, 7])
async def test_threads_stand_back_and_the_event_loop_does_not(nice: int) -> None:
    pool = ThreadPool(1, nice=nice)

    def priority() -> int:
        return os.getpriority(os.PRIO_PROCESS, threading.get_native_id())

    before = priority()
    in_thread = await pool.run(priority).ended
    pool.close()
    assert in_thread == (min(19, before + nice) if sys.platform == "linux" else before)
    assert priority() == before
