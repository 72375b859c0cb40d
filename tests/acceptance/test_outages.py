"""Redis full, and Redis away: answered in time, nothing half-stored, and well again by itself."""

import asyncio
import json
from collections.abc import AsyncIterator, Callable, Iterator
from pathlib import Path

import httpx
import pytest

from config import Settings
from jobs.store.connection import connect
from jobs.store.redis import Redis
from tests.acceptance.mortal import Server
from tests.http.conftest import serving

BODY = {"pipeline": [{"op": "head"}], "inputs": {"df": {"records": [{"a": 1}]}}}
CSV = b"a\n" + b"1\n" * 200_000  # too large to travel inside the submit call
RAW = {"params": {"pipeline": json.dumps(BODY["pipeline"])}, "content": CSV, "headers": {"content-type": "text/csv"}}


@pytest.fixture
def server(tmp_path: Path) -> Iterator[Server]:
    server = Server(tmp_path / "valkey")
    yield server
    server.kill()


@pytest.fixture
def ours(settings: Callable[..., Settings], server: Server) -> Settings:
    url = f"redis://127.0.0.1:{server.port}/0"
    return settings(redis={"url": url, "connect_timeout_s": 1, "command_timeout_s": 2})


@pytest.fixture
async def api(ours: Settings) -> AsyncIterator[httpx.AsyncClient]:
    async with serving(ours) as client:
        yield client


@pytest.fixture
async def redis(ours: Settings) -> AsyncIterator[Redis]:
    client = connect(ours.redis)
    yield client
    await client.aclose(close_connection_pool=True)


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
    server.kill()
    answer = await asyncio.wait_for(waiting, 20)
    # it was accepted: the caller gets the id, not an error that says nothing was stored
    assert answer.status_code == 202, answer.text
    assert (answer.status_code, answer.json()["state"]) == (202, "queued")
