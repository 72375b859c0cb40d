"""Redis behind Sentinels: the primary is found, and followed when it dies, hangs, or is demoted."""

import asyncio
import signal
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from config import Settings
from jobs.errors import StoreError, StoreUnavailable
from jobs.queue import JobQueue
from jobs.state import JobState
from jobs.store.connection import connect
from tests.acceptance.group import SERVICE, Group, group
from tests.acceptance.test_worker import GROUPED, Running, submit, until

PASSWORD, SENTINEL_PASSWORD = "p@ss/word", "of-the-sentinels"


@pytest.fixture
def servers(tmp_path: Path) -> Iterator[Group]:
    with group(tmp_path / "group") as made:
        yield made


@pytest.fixture
def ours(settings: Callable[..., Settings], servers: Group) -> Settings:
    nobody = "127.0.0.1:1"
    url = f"redis+sentinel://{nobody},127.0.0.1:{servers.sentinel_port}/{SERVICE}/0"
    return settings(
        redis={"url": url, "connect_timeout_s": 1, "command_timeout_s": 2},
        worker={"lease_s": 2, "poll_s": 0.1},
        transforms={"modules": ("tests.acceptance.own",)},
    )


async def accepted(queue: JobQueue) -> bool:
    try:
        return (await submit(queue, GROUPED, wait_s=2)).state is JobState.SUCCEEDED
    except StoreError:
        return False


async def test_a_failover_is_followed_whatever_became_of_the_primary(ours: Settings, servers: Group) -> None:
    queue, worker = JobQueue.from_settings(ours), Running(ours)
    await queue.start()
    try:
        assert (await submit(queue, GROUPED)).state is JobState.SUCCEEDED
        # demoted in good order: its connections are closed, or answered READONLY
        await asyncio.to_thread(servers.promoted)
        await until(lambda: accepted(queue), 30)
        # hanging: nothing tells but the deadline of a command; the job that is running and who waits for it are kept
        running = await submit(queue, [{"op": "nap", "seconds": 4}, *GROUPED], wait_s=0)
        await until(lambda: worker.pool.running)
        waiting = asyncio.create_task(queue.wait("t", running.id, 40))
        frozen = servers.primary
        servers.signal(frozen, signal.SIGSTOP)
        await until(lambda: servers.primary != frozen, 30)
        ended = await waiting
        assert (ended.state, ended.attempt) == (JobState.SUCCEEDED, 1)
        await until(lambda: accepted(queue), 30)
        servers.signal(frozen, signal.SIGCONT)
        # killed: by now the one that hung is the replica again
        await asyncio.to_thread(_until_replica_is_back, servers)
        killed = servers.primary
        servers.signal(killed, signal.SIGKILL)
        await until(lambda: servers.primary != killed, 30)
        await until(lambda: accepted(queue), 30)
    finally:
        await worker.stop()
        await queue.close()


def _until_replica_is_back(servers: Group) -> None:
    ends = time.monotonic() + 30
    while b"connected_slaves:1" not in servers.ask(servers.primary, "INFO", "replication"):
        assert time.monotonic() < ends
        time.sleep(0.05)


async def test_passwords_of_redis_and_of_the_sentinels(settings: Callable[..., Settings], tmp_path: Path) -> None:
    with group(tmp_path / "group", password=PASSWORD, sentinel_password=SENTINEL_PASSWORD) as servers:
        url = f"redis+sentinel://:p%40ss%2Fword@localhost:{servers.sentinel_port}/{SERVICE}/3"
        client = connect(settings(redis={"url": url, "sentinel_password": SENTINEL_PASSWORD}).redis)
        assert await client.set("a", "b")
        assert b"db3:keys=1" in servers.ask(servers.primary, "INFO", "keyspace")
        await client.aclose(close_connection_pool=True)


async def test_who_cannot_tell_the_primary_is_named(settings: Callable[..., Settings], servers: Group) -> None:
    url = f"redis+sentinel://127.0.0.1:1,127.0.0.1:{servers.sentinel_port}/another"
    queue = JobQueue.from_settings(settings(redis={"url": url}))
    with pytest.raises(StoreUnavailable, match=r"no Sentinel names the primary of 'another'.*does not know it"):
        await queue.get("t", "job_a")
    await queue.close()
