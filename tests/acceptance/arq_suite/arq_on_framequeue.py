"""A pytest plugin for ARQ's own tests: they run against framequeue's `Worker` and `Redis`, on the Valkey it is told of.

It is loaded before ARQ's tests import anything, in a process of their own (`tests` is another package there).
"""

import asyncio
import inspect
import os
import secrets
import sys
from typing import Any

import pytest
import stand_ins

sys.modules.update(stand_ins.modules(os.environ["ARQ_TEST_VALKEY"]))

import arq  # noqa: E402  # it looks for pytz when it is imported
import arq.connections  # noqa: E402  # same
import arq.worker  # noqa: E402  # same

from config.sections import JobSettings  # noqa: E402  # same
from jobs.store.jobs import JobStore  # noqa: E402  # same
from jobs.store.redis import Redis  # noqa: E402  # same
from jobs.worker.leases import LeaseKeeper  # noqa: E402  # same
from jobs.worker.worker import Worker  # noqa: E402  # same

_StockWorker = arq.Worker


class SuiteWorker(Worker):
    """Framequeue's worker, made the way ARQ's tests make theirs: with a client, or with settings for one."""

    __signature__ = inspect.signature(_StockWorker)  # ARQ reads from it what a settings class may hold

    def __init__(self, functions: Any = (), **options: Any) -> None:
        given, settings = options.pop("redis_pool", None), options.pop("redis_settings", None)
        queue = options.pop("queue_name", "arq:queue")
        redis = given if given is not None else _client(settings or arq.connections.RedisSettings(), queue, options)
        store = JobStore(redis, redis.default_queue_name if queue is None else queue, JobSettings())
        name = f"suite-{secrets.token_hex(4)}"
        leases = LeaseKeeper(store, f"{name} suite", 10)
        super().__init__(functions, store=store, leases=leases, worker_id=name, run_attempt=_none_of_ours, **options)
        if given is None:  # as in ARQ's: it has no client before it runs
            self._pool = None

    async def main(self) -> None:
        self._pool = self._store.redis
        await super().main()


def _client(settings: Any, queue: str, options: dict[str, Any]) -> Redis:
    return Redis(
        host=settings.host,
        port=settings.port,
        job_serializer=options.get("job_serializer"),
        job_deserializer=options.get("job_deserializer"),
        default_queue_name=queue,
    )


async def _none_of_ours(*_: Any) -> None:
    raise AssertionError("ARQ's tests submit no framequeue jobs")


arq.connections.ArqRedis = arq.worker.ArqRedis = Redis  # type: ignore[misc]
arq.worker.Worker = arq.Worker = SuiteWorker  # type: ignore[misc]


@pytest.fixture
async def event_loop() -> asyncio.AbstractEventLoop:
    """What pytest-asyncio offered when ARQ's tests were written."""
    return asyncio.get_running_loop()


@pytest.fixture
def mocker() -> Any:
    """The part of pytest-mock that ARQ's tests use."""
    with stand_ins.Mocker() as made:
        yield made
