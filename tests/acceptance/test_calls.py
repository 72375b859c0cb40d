"""Plain ARQ functions on our worker, on a real Valkey: nothing that goes wrong loses a call or the worker."""

import asyncio
import logging
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path
from typing import Any

import pytest
from arq.constants import abort_jobs_ss, job_key_prefix, result_key_prefix, retry_key_prefix
from arq.jobs import Job, serialize_job
from arq.worker import Retry, func

from config.sections import JobSettings, RedisSettings
from jobs.store.connection import connect
from jobs.store.jobs import JobStore
from jobs.store.redis import Redis, end, serialize
from jobs.worker.leases import LeaseKeeper
from jobs.worker.worker import Worker
from tests.acceptance.mortal import Server
from tests.acceptance.test_worker import until

Context = dict[str, Any]


class Running:
    """A worker for these functions, in this loop."""

    def __init__(
        self, url: str, *functions: Callable[..., Awaitable[Any]], lease_s: float = 10, **options: Any
    ) -> None:
        settings = RedisSettings(url=url, connect_timeout_s=1, command_timeout_s=2)
        store = JobStore(connect(settings), settings.queue, JobSettings())
        self.worker = Worker(
            [func(function, name=function.__name__) for function in functions],
            store=store,
            leases=LeaseKeeper(store, "test plain", lease_s),
            worker_id="test",
            run_attempt=_no_attempt,
            handle_signals=False,
            job_serializer=store.redis.job_serializer,
            job_deserializer=store.redis.job_deserializer,
            **{"poll_delay": 0.1, **options},
        )
        self.task = asyncio.create_task(self.worker.async_run())

    async def stop(self) -> None:
        await end(self.task)
        await self.worker.close()


async def _no_attempt(*_: Any) -> None:
    raise AssertionError("there are no framequeue jobs here")


Start = Callable[..., Running]


@pytest.fixture
async def start(valkey: str) -> AsyncIterator[Start]:
    started = []

    def make(*functions: Any, **options: Any) -> Running:
        started.append(Running(options.pop("url", valkey), *functions, **options))
        return started[-1]

    yield make
    for running in started:
        await running.stop()


@pytest.fixture
async def redis(valkey: str) -> AsyncIterator[Redis]:
    client = connect(RedisSettings(url=valkey))
    yield client
    await client.aclose(close_connection_pool=True)


async def put(redis: Redis, name: str, *args: Any, **options: Any) -> Job:
    job = await redis.enqueue_job(name, *args, **options)
    assert job is not None
    return job


async def result(job: Job) -> Any:
    return await job.result(timeout=10, poll_delay=0.01)


async def test_a_hundred_calls_run_once_each(redis: Redis, start: Start) -> None:
    seen = []

    async def double(ctx: Context, n: int) -> int:
        seen.append(n)
        return 2 * n

    start(double)
    jobs = await asyncio.gather(*(put(redis, "double", n) for n in range(100)))
    assert [await result(job) for job in jobs] == [2 * n for n in range(100)]
    assert sorted(seen) == list(range(100))
    assert await redis.zcard("framequeue:queue") == 0


async def test_no_hook_costs_a_call_or_the_worker(redis: Redis, start: Start, caplog: pytest.LogCaptureFixture) -> None:
    async def broken(ctx: Context) -> None:
        raise ValueError("a hook")

    async def good(ctx: Context) -> int:
        return 1

    hooks = ("on_startup", "on_job_start", "on_job_end", "after_job_end", "on_shutdown")
    running = start(good, **dict.fromkeys(hooks, broken))
    assert await result(await put(redis, "good")) == 1
    assert await result(await put(redis, "good")) == 1
    await until(lambda: not running.worker.tasks)
    await running.stop()
    for hook in hooks:
        assert f"{hook} failed" in caplog.text


async def test_a_retry_comes_when_it_is_due_not_with_the_next_poll(redis: Redis, start: Start) -> None:
    async def second_time(ctx: Context) -> int:
        if ctx["job_try"] == 1:
            raise Retry(defer=0.05)
        return int(ctx["job_try"])

    start(second_time, poll_delay=8)
    began = time.monotonic()
    assert await result(await put(redis, "second_time")) == 2
    assert time.monotonic() - began < 6


async def test_an_abort_of_an_unknown_id_does_not_meet_a_later_call(redis: Redis, start: Start) -> None:
    async def work(ctx: Context) -> int:
        return 1

    assert not await Job("later", redis, "framequeue:queue").abort(timeout=1, poll_delay=0.01)
    assert await redis.zscore(abort_jobs_ss, "later") is not None
    await asyncio.sleep(0.002)  # their order shows in milliseconds
    start(work, allow_abort_jobs=True)
    assert await result(await put(redis, "work", _job_id="later")) == 1


async def test_a_running_call_is_aborted(redis: Redis, start: Start) -> None:
    async def nap(ctx: Context) -> None:
        await asyncio.sleep(60)

    running = start(nap, allow_abort_jobs=True)
    job = await put(redis, "nap")
    await until(lambda: running.worker.job_tasks)
    # its exception is a text, as msgpack keeps it, so ARQ's `abort` cannot tell that it worked
    with pytest.raises(Exception, match="CancelledError"):
        await job.abort(timeout=10, poll_delay=0.01)
    assert await redis.zcard(abort_jobs_ss) == 0


async def test_an_expired_call_says_so(redis: Redis, start: Start, caplog: pytest.LogCaptureFixture) -> None:
    async def work(ctx: Context) -> int:
        return 1

    job = await put(redis, "work", _job_id="late")
    await redis.delete(job_key_prefix + "late")
    start(work)
    with pytest.raises(Exception, match="job expired"):
        await result(job)
    assert "job late expired" in caplog.text


async def test_a_call_that_cannot_be_run_fails_once(redis: Redis, start: Start) -> None:
    async def work(ctx: Context) -> int:
        return 1

    start(work)
    call = serialize_job("work", (), {}, "three", 0, serializer=serialize)  # type: ignore[arg-type]
    await redis.set(job_key_prefix + "odd", call)
    await redis.zadd("framequeue:queue", {"odd": 1})
    with pytest.raises(Exception, match="the call cannot be run: TypeError"):
        await result(Job("odd", redis, "framequeue:queue", redis.job_deserializer))


async def test_a_drained_call_goes_back_with_its_try(redis: Redis, start: Start) -> None:
    tries = []

    async def nap(ctx: Context) -> int:
        tries.append(ctx["job_try"])
        await asyncio.sleep(60 if len(tries) == 1 else 0)
        return len(tries)

    first = start(nap)
    job = await put(redis, "nap", _job_id="one")
    await until(lambda: tries)
    await first.stop()
    assert await redis.get(retry_key_prefix + "one") == b"0"
    start(nap)
    assert await result(job) == 2
    assert tries == [1, 1]


async def test_ends_outlast_an_outage_longer_than_the_lease(start: Start, tmp_path: Path) -> None:
    server = Server(tmp_path / "valkey")
    url = f"redis://127.0.0.1:{server.port}/0"
    client = connect(RedisSettings(url=url, connect_timeout_s=1, command_timeout_s=2))
    runs: list[str] = []
    go = asyncio.Event()

    async def short(ctx: Context) -> str:
        runs.append("short")
        await go.wait()
        return "short"

    async def long(ctx: Context) -> str:
        runs.append("long")
        await go.wait()
        await asyncio.sleep(2.5)
        return "long"

    running = start(short, long, url=url, lease_s=1)
    try:
        jobs = [await put(client, name) for name in ("short", "long")]
        await until(lambda: len(runs) == 2)
        server.kill()
        go.set()
        await asyncio.sleep(1.5)  # the leases end, one call ends, and there is nowhere to write it
        server.start()
        assert [await result(job) for job in jobs] == ["short", "long"]
        assert sorted(runs) == ["long", "short"]
        assert await client.zcard("framequeue:queue") == 0
        assert not await client.keys(retry_key_prefix + "*")
    finally:
        await running.stop()
        await client.aclose(close_connection_pool=True)
        server.kill()


async def test_the_end_of_a_call_that_runs_elsewhere_by_now_is_dropped(
    redis: Redis, start: Start, caplog: pytest.LogCaptureFixture
) -> None:
    go = asyncio.Event()

    async def work(ctx: Context) -> str:
        await go.wait()
        return "ours"

    running = start(work)
    await put(redis, "work", _job_id="one")
    await until(lambda: running.worker.job_tasks)
    await redis.set("arq:in-progress:one", "another's", ex=60)
    go.set()
    await until(lambda: not running.worker.tasks)
    assert await redis.exists(result_key_prefix + "one") == 0
    assert await redis.get("arq:in-progress:one") == b"another's"
    await redis.delete("arq:in-progress:one")
    assert "another attempt has it" in caplog.text


async def test_long_calls_cost_redis_next_to_nothing(redis: Redis, start: Start) -> None:
    async def nap(ctx: Context) -> None:
        await asyncio.sleep(60)

    running = start(nap, max_jobs=60, poll_delay=0.5)
    await asyncio.gather(*(put(redis, "nap") for _ in range(50)))
    await until(lambda: len(running.worker.job_tasks) == 50)
    before, began = (await redis.info("commandstats")), time.monotonic()
    await asyncio.sleep(2)
    after, took_s = (await redis.info("commandstats")), time.monotonic() - began

    def sent(stats: dict[str, Any]) -> int:
        return sum(
            stats.get(f"cmdstat_{name}", {}).get("calls", 0) for name in ("evalsha", "blpop", "zrange", "zmscore")
        )

    assert sent(after) - sent(before) < 30 * took_s


async def test_a_result_no_serializer_can_write_is_told(
    redis: Redis, start: Start, caplog: pytest.LogCaptureFixture
) -> None:
    async def odd(ctx: Context) -> Any:
        return {(1, 2): object}

    caplog.set_level(logging.WARNING)
    start(odd)
    job = await put(redis, "odd")
    info = await until(job.result_info)
    assert info is not None
