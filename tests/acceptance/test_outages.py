"""The API while Redis is full, away, hanging, or not itself: answered in time, and well again by itself."""

import asyncio
import json
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from pathlib import Path

import httpx
import pytest
import redis as sync_redis

from config import Settings
from jobs.queue import JobQueue
from jobs.store.redis import Redis
from tests.acceptance.mortal import Server
from tests.acceptance.test_worker import Running, submit, until
from tests.http.conftest import serving
from tests.proxy import Proxy, Refusing

BODY = {"pipeline": [{"op": "head"}], "inputs": {"df": {"records": [{"a": 1}]}}}
CSV = b"a\n" + b"1\n" * 200_000  # too large to travel inside the submit call
RAW = {"params": {"pipeline": json.dumps(BODY["pipeline"])}, "content": CSV, "headers": {"content-type": "text/csv"}}

TIMEOUTS = {"connect_timeout_s": 1, "command_timeout_s": 2}
OWN = "tests.acceptance.own"


@pytest.fixture
def server(tmp_path: Path) -> Iterator[Server]:
    server = Server(tmp_path / "valkey")
    yield server
    server.kill()


@pytest.fixture
def ours(settings: Callable[..., Settings], server: Server) -> Settings:
    url = f"redis://127.0.0.1:{server.port}/0"
    return settings(redis={"url": url, **TIMEOUTS}, worker={"lease_s": 2}, transforms={"modules": (OWN,)})


@pytest.fixture
async def api(ours: Settings) -> AsyncIterator[httpx.AsyncClient]:
    async with serving(ours) as client:
        yield client


def refused(answer: httpx.Response, code: str) -> None:
    problem = answer.json()
    assert (answer.status_code, problem["code"], problem["retryable"]) == (503, code, True), problem
    assert int(answer.headers["retry-after"]) > 0
    assert answer.headers["content-type"] == "application/problem+json"


async def test_a_full_redis_is_503_and_keeps_nothing(api: httpx.AsyncClient, redis: Redis) -> None:
    await redis.config_set("maxmemory", "1")
    refused(await api.post("/v1/jobs", json=BODY), "store.full")
    refused(await api.post("/v1/jobs", **RAW), "store.full")
    refused(await api.post("/v1/frames", content=CSV, headers=RAW["headers"]), "store.full")
    assert await redis.keys("*") == []
    await redis.config_set("maxmemory", "0")
    assert (await api.post("/v1/jobs", json=BODY)).status_code == 202


async def test_redis_away_is_503_and_back_is_well_again(api: httpx.AsyncClient, server: Server, redis: Redis) -> None:
    before = (await api.post("/v1/jobs", json=BODY)).json()
    server.kill()
    refused(await api.post("/v1/jobs", json=BODY), "store.unavailable")
    refused(await api.post("/v1/jobs", **RAW), "store.unavailable")
    refused(await api.get(before["links"]["self"]), "store.unavailable")
    assert (await api.get("/livez")).status_code == 200
    assert (await api.get("/readyz")).status_code == 503
    server.start()
    # accepted before, still there; and new ones are taken
    assert (await api.get(before["links"]["self"])).json()["state"] == "queued"
    assert (await api.post("/v1/jobs", **RAW)).status_code == 202
    assert (await api.get("/readyz")).status_code == 200


async def test_who_waits_through_an_outage_gets_the_job(api: httpx.AsyncClient, server: Server, redis: Redis) -> None:
    waiting = asyncio.create_task(api.post("/v1/jobs", json=BODY, headers={"prefer": "wait=3"}))
    while not await redis.keys("framequeue:job:*"):
        await asyncio.sleep(0.01)
    await redis.ping()  # its answer is behind that of the submit
    server.kill()
    answer = await asyncio.wait_for(waiting, 20)
    # it was accepted: the caller gets the id, not an error that says nothing was stored
    assert (answer.status_code, answer.json()["state"]) == (202, "queued")


async def in_time(asked: Awaitable[httpx.Response]) -> httpx.Response:
    """Answered after about one command timeout (2 s): a second one, and a third, is more than a slow day."""
    began = time.monotonic()
    answer = await asked
    assert time.monotonic() - began < 3 * TIMEOUTS["command_timeout_s"]
    return answer


@pytest.mark.parametrize("how", ["frozen", "paused"])
async def test_a_redis_that_hangs_is_503_in_time_and_loses_no_waiter(
    api: httpx.AsyncClient, ours: Settings, server: Server, redis: Redis, how: str
) -> None:
    worker = Running(ours)
    queue = JobQueue.from_settings(ours)
    job = await submit(queue, [{"op": "nap", "seconds": 4}], wait_s=0, tenant="default")
    await until(lambda: worker.pool.running)
    polling = asyncio.create_task(api.get(f"/v1/jobs/{job.id}", headers={"prefer": "wait=30"}))
    await asyncio.sleep(0.2)
    if how == "frozen":
        server.freeze()
    else:
        await redis.execute_command("CLIENT", "PAUSE", "8000", "ALL")
    refused(await in_time(api.post("/v1/jobs", json=BODY)), "store.unavailable")
    refused(await in_time(api.post("/v1/jobs", **RAW)), "store.unavailable")
    refused(await in_time(api.get(f"/v1/jobs/{job.id}")), "store.unavailable")
    answers = await asyncio.gather(*(in_time(api.get(f"/v1/jobs/{job.id}")) for _ in range(200)))
    assert {answer.status_code for answer in answers} == {503}
    assert (await api.get("/livez")).status_code == 200
    if how == "frozen":
        server.thaw()
    ended = await polling
    assert (ended.status_code, ended.json()["state"], ended.json()["attempt"]) == (200, "succeeded", 1)
    assert (await api.post("/v1/jobs", json=BODY)).status_code == 202
    await worker.stop()
    await queue.close()


async def test_who_polls_through_a_restart_is_answered_after_it(
    api: httpx.AsyncClient, ours: Settings, server: Server
) -> None:
    job = (await api.post("/v1/jobs", json=BODY)).json()
    polling = asyncio.create_task(api.get(job["links"]["self"], headers={"prefer": "wait=30"}))
    await asyncio.sleep(0.2)
    server.kill()
    await asyncio.sleep(1)
    assert not polling.done()
    server.start()
    worker = Running(ours)
    ended = await polling
    assert (ended.status_code, ended.json()["state"]) == (200, "succeeded")
    await worker.stop()


async def test_a_demoted_primary_behind_a_name_is_left_for_the_new_one(
    settings: Callable[..., Settings], server: Server, tmp_path: Path
) -> None:
    other = Server(tmp_path / "other")
    async with Proxy(server.port) as name, serving(settings(redis={"url": name.url, **TIMEOUTS})) as api:
        assert (await api.post("/v1/jobs", json=BODY)).status_code == 202
        with sync_redis.Redis(port=server.port) as old:
            old.replicaof("127.0.0.1", str(other.port))
        refused(await api.post("/v1/jobs", json=BODY), "store.unavailable")
        # the name leads to the new primary now; nothing closes the connections to the old one but we
        name.target = other.port
        await until(lambda: answered(api, 202), 5)
    other.kill()


async def answered(api: httpx.AsyncClient, status: int) -> bool:
    return (await api.post("/v1/jobs", json=BODY)).status_code == status


@pytest.mark.parametrize(
    "error",
    [
        "LOADING Redis is loading the dataset in memory",
        "MISCONF Redis is configured to save RDB snapshots, but it's currently unable to persist to disk.",
        "MASTERDOWN Link with MASTER is down and replica-serve-stale-data is set to 'no'.",
        "READONLY You can't write against a read only replica.",
        "NOREPLICAS Not enough good replicas to write.",
        "BUSY Redis is busy running a script. You can only call SCRIPT KILL or SHUTDOWN NOSAVE.",
        "ERR Error running script (call to f_1): @user_script:1: -READONLY You can't write against a replica.",
        "NOAUTH Authentication required.",
    ],
)
async def test_a_redis_that_will_not_is_503_and_is_found_well_again(
    settings: Callable[..., Settings], server: Server, error: str
) -> None:
    async with (
        Refusing(error) as refusing,
        Proxy(server.port) as proxy,
        serving(settings(redis={"url": proxy.url, **TIMEOUTS})) as api,
    ):
        assert (await api.post("/v1/jobs", json=BODY)).status_code == 202
        proxy.target = refusing.port
        proxy.cut()
        refused(await api.post("/v1/jobs", json=BODY), "store.unavailable")
        refused(await api.post("/v1/jobs", **RAW), "store.unavailable")
        assert (await api.get("/readyz")).status_code == 503
        proxy.target = server.port
        proxy.cut()
        assert (await api.post("/v1/jobs", json=BODY)).status_code == 202


async def test_a_wrong_password_is_said_once_and_not_tried_in_a_hot_loop(
    settings: Callable[..., Settings], server: Server, caplog: pytest.LogCaptureFixture
) -> None:
    with sync_redis.Redis(port=server.port) as client:
        client.config_set("requirepass", "right")
    async with Proxy(server.port) as proxy:
        ours = settings(redis={"url": proxy.url.replace("//", "//:wrong@"), **TIMEOUTS})
        async with serving(ours) as api:
            worker = Running(ours)
            answer = await api.post("/v1/jobs", json=BODY)
            refused(answer, "store.unavailable")
            assert "refuses the login that redis.url gives" in answer.json()["detail"]
            assert "wrong" not in answer.text.replace("invalid username-password pair", "")
            before = proxy.connections
            await asyncio.sleep(2)
            assert proxy.connections - before < 40
            with sync_redis.Redis(port=server.port, password="right") as client:
                client.config_set("requirepass", "wrong")
            await until(lambda: answered(api, 202), 10)
            await worker.stop()
    told = [record for record in caplog.records if "refuses the login" in record.getMessage()]
    assert 1 <= len(told) <= 3  # the feed and the worker, once each, and the worker's first look
