"""A worker process for one plain ARQ function: `python -m tests.acceptance.plain stock|ours <url> <queue>`."""

import asyncio
import sys
from typing import Any

import arq
from arq.worker import func

from config.sections import JobSettings, RedisSettings
from jobs.store.connection import connect
from jobs.store.jobs import JobStore
from jobs.store.redis import deserialize, serialize
from jobs.worker.leases import LeaseKeeper
from jobs.worker.worker import Worker


async def add(ctx: dict[str, Any], a: int, b: int) -> int:
    """Count the run under the job's id, then add; every fifth sum wants a second try."""
    await ctx["redis"].hincrby("runs", f"{ctx['job_id']}:{ctx['job_try']}", 1)
    await ctx["redis"].hincrby("workers", ctx["kind"], 1)
    await asyncio.sleep(0.01)
    if (a + b) % 5 == 0 and ctx["job_try"] == 1:
        raise arq.Retry(defer=0.05)
    if a < 0:
        raise ValueError("below zero")
    return a + b


async def _no_attempt(*_: Any) -> None:
    raise AssertionError("there are no framequeue jobs on this queue")


def main(kind: str, url: str, queue: str) -> None:
    """Work until a signal."""
    asyncio.set_event_loop(asyncio.new_event_loop())
    # what must agree: the queue's name and the serializer. Stock ARQ's default is pickle, which ours can be told to use
    options: dict[str, Any] = {
        "functions": [func(add, name="add")],
        "ctx": {"kind": kind},
        "poll_delay": 0.05,
        "job_serializer": serialize,
        "job_deserializer": deserialize,
    }
    if kind == "stock":
        settings = arq.connections.RedisSettings.from_dsn(url)
        arq.Worker(redis_settings=settings, queue_name=queue, **options).run()
    else:
        store = JobStore(connect(RedisSettings(url=url, queue=queue)), queue, JobSettings())
        leases = LeaseKeeper(store, "mixed plain", 10)
        Worker(store=store, leases=leases, worker_id="mixed", run_attempt=_no_attempt, **options).run()


if __name__ == "__main__":
    main(*sys.argv[1:])
