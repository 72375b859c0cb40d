"""The worker while Redis is away, hanging, full or not itself: it computes on, loses nothing, and goes on by itself."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from pathlib import Path

import pytest
import redis as sync_redis

from config import Settings
from jobs.queue import JobQueue
from jobs.state import JobState
from jobs.store import keys
from tests.acceptance.mortal import Server
from tests.acceptance.test_worker import GROUPED, Running, submit, until
from tests.proxy import Proxy

# longer than the leases (1 s) and the deadline of a command (1 s)
OUTAGE_S = 3.0
NAP = [{"op": "nap", "seconds": OUTAGE_S + 1}, *GROUPED]
LARGE = [{"n": n, "text": f"{n * 7919 % 10_007:05} {n}"} for n in range(20_000)]


@pytest.fixture
def server(tmp_path: Path) -> Iterator[Server]:
    server = Server(tmp_path / "valkey")
    yield server
    server.kill()


@pytest.fixture
async def proxy(server: Server) -> AsyncIterator[Proxy]:
    async with Proxy(server.port) as proxy:
        yield proxy


@pytest.fixture
def ours(settings: Callable[..., Settings], proxy: Proxy) -> Settings:
    return settings(
        redis={"url": proxy.url, "connect_timeout_s": 1, "command_timeout_s": 1},
        worker={"lease_s": 1, "poll_s": 0.1},
        transforms={"modules": ("tests.acceptance.own",)},
    )


@pytest.fixture
async def worker(ours: Settings, queue: JobQueue) -> AsyncIterator[Running]:
    running = Running(ours, threads=1)
    yield running
    await running.stop()


def admin(server: Server, *command: str) -> None:
    with sync_redis.Redis(port=server.port, socket_timeout=10) as client:
        client.execute_command(*command)


async def killed(server: Server, proxy: Proxy) -> None:
    server.kill()
    await asyncio.sleep(OUTAGE_S)
    server.start()


async def frozen(server: Server, proxy: Proxy) -> None:
    server.freeze()
    await asyncio.sleep(OUTAGE_S)
    server.thaw()


async def paused(server: Server, proxy: Proxy) -> None:
    admin(server, "CLIENT", "PAUSE", str(round(OUTAGE_S * 1000)), "ALL")
    await asyncio.sleep(OUTAGE_S)


async def demoted(server: Server, proxy: Proxy) -> None:
    admin(server, "REPLICAOF", "127.0.0.1", "1")
    await asyncio.sleep(OUTAGE_S)
    admin(server, "REPLICAOF", "NO", "ONE")


async def demoted_and_stale(server: Server, proxy: Proxy) -> None:
    admin(server, "CONFIG", "SET", "replica-serve-stale-data", "no")
    await demoted(server, proxy)


async def full(server: Server, proxy: Proxy) -> None:
    admin(server, "CONFIG", "SET", "maxmemory", "1")
    await asyncio.sleep(OUTAGE_S + 2)  # the job ends into it
    admin(server, "CONFIG", "SET", "maxmemory", "0")


async def cut_again_and_again(server: Server, proxy: Proxy) -> None:
    for _ in range(round(OUTAGE_S * 10)):
        proxy.cut()
        await asyncio.sleep(0.1)


async def forgetful(server: Server, proxy: Proxy) -> None:
    for _ in range(round(OUTAGE_S * 10)):
        admin(server, "SCRIPT", "FLUSH")
        await asyncio.sleep(0.1)


Outage = Callable[[Server, Proxy], Awaitable[None]]
OUTAGES = [killed, frozen, paused, demoted, demoted_and_stale, full, cut_again_and_again, forgetful]


@pytest.mark.parametrize("outage", OUTAGES, ids=[outage.__name__ for outage in OUTAGES])
async def test_a_job_that_runs_through_it_ends_once_with_its_first_attempt(
    server: Server, proxy: Proxy, queue: JobQueue, worker: Running, outage: Outage
) -> None:
    job = await submit(queue, NAP, wait_s=0)
    behind = await submit(queue, [], wait_s=0, records=LARGE)
    waiting = asyncio.create_task(queue.wait("t", job.id, 60))
    await until(lambda: worker.pool.running)
    # the waiter has read its job: only the subscription is in use still
    await asyncio.sleep(0)
    await until(lambda: len(queue._redis.connection_pool._in_use_connections) == 1)
    await outage(server, proxy)
    for ended in (await waiting, await queue.wait("t", behind.id, 60)):
        assert (ended.state, ended.attempt) == (JobState.SUCCEEDED, 1)
    with sync_redis.Redis(port=server.port) as client:
        kinds = [fields[b"type"] for _, fields in client.xrange(keys.events(job.id))]
    assert [kind for kind in kinds if kind != b"job.progress"] == [b"job.queued", b"job.started", b"job.succeeded"]
    assert (await submit(queue, GROUPED)).state is JobState.SUCCEEDED
