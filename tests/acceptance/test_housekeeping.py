"""Housekeeping and the first look at Redis, as the worker does them."""

import asyncio
import logging
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import redis as sync_redis

from config import Settings
from jobs.queue import JobQueue
from jobs.store import keys
from jobs.store.connection import connect
from jobs.worker.housekeeping import Housekeeping
from tests.acceptance.mortal import Server
from tests.acceptance.test_worker import Running, until


@pytest.fixture
def server(tmp_path: Path) -> Iterator[Server]:
    server = Server(tmp_path / "valkey")
    yield server
    server.kill()


@pytest.fixture
def ours(settings: Callable[..., Settings], server: Server) -> Settings:
    url = f"redis://127.0.0.1:{server.port}/0"
    return settings(redis={"url": url, "connect_timeout_s": 1, "command_timeout_s": 2}, worker={"poll_s": 0.1})


class Counting(Housekeeping):
    """Counts its runs, and runs every second instead of every five minutes."""

    def __init__(self, *args: Any) -> None:
        super().__init__(*args)
        self.ran: list[str] = []

    def cron_jobs(self) -> list[Any]:
        (job,) = super().cron_jobs()
        return [replace(job, minute=None, second=set(range(60)), coroutine=self._counted)]

    async def _counted(self, ctx: dict[Any, Any]) -> int:
        self.ran.append(ctx["job_id"])
        return await self.sweep(ctx)


async def test_two_workers_do_each_round_once(ours: Settings) -> None:
    client = connect(ours.redis)
    both = [Counting(client, ours.redis.queue) for _ in range(2)]
    workers = [Running(ours, cron_jobs=one.cron_jobs(), on_startup=one.start) for one in both]
    try:
        await until(lambda: sum(len(one.ran) for one in both) >= 4, 30)
        ran = [job_id for one in both for job_id in one.ran]
        assert len(ran) == len(set(ran)), ran
        place = await client.hgetall(keys.housekeeping(ours.redis.queue))  # type: ignore[misc]  # stub: sync or async
        assert int(place[b"before_ms"]) > 0
    finally:
        for worker in workers:
            await worker.stop()
        await client.aclose(close_connection_pool=True)


async def test_the_worker_s_own_rounds_are_five_minutes_apart(ours: Settings) -> None:
    running = Running(ours)
    try:
        (job,) = running.worker.cron_jobs
        assert (job.unique, job.minute, job.second) == (True, set(range(0, 60, 5)), 30)
        assert job.name in running.worker.functions
    finally:
        await running.stop()


def told(caplog: pytest.LogCaptureFixture, text: str) -> int:
    return sum(text in record.getMessage() for record in caplog.records if record.levelno >= logging.WARNING)


async def test_what_is_unsafe_is_said_at_the_start_and_of_each_new_server(
    ours: Settings, server: Server, caplog: pytest.LogCaptureFixture
) -> None:
    with sync_redis.Redis(port=server.port) as client:
        client.config_set("appendonly", "no")
        client.config_set("maxmemory-policy", "allkeys-lru")
    worker = Running(ours)
    await until(lambda: told(caplog, "maxmemory-policy allkeys-lru") == 1)
    assert told(caplog, "keeps no append-only file") == 1
    queue = JobQueue.from_settings(ours)
    await queue.start()
    await until(lambda: told(caplog, "keeps no append-only file") == 2)
    caplog.clear()
    # the same server again is no news; one that was started anew is
    with sync_redis.Redis(port=server.port) as client:
        client.execute_command("CLIENT", "KILL", "TYPE", "pubsub")
    await asyncio.sleep(1)
    assert told(caplog, "keeps no append-only file") == 0
    server.kill()
    server.config["appendonly"] = "no"
    server.start()
    await until(lambda: told(caplog, "keeps no append-only file") == 1)
    await queue.close()
    await worker.stop()
