"""Large results through a real API process: its memory stays flat, slow readers hold nothing, and a break shows."""

import asyncio
import hashlib
import re
import subprocess
import sys
from collections.abc import AsyncIterator, Iterator
from contextlib import AsyncExitStack
from pathlib import Path

import httpx
import numpy as np
import pyarrow as pa
import pytest
from redis import Redis as SyncRedis

from jobs.codecs import stored
from jobs.model import Frame, PayloadRef
from jobs.store.blobs import BlobWriter
from jobs.store.frames import FrameStore
from jobs.store.redis import Redis
from tests.acceptance.mortal import free_port
from tests.acceptance.running import until

ROWS = 2_000_000
GROWTH_KIB = 150 * 1024
ROOT = Path(__file__).parents[2]


class Api:
    """An API process on that Valkey."""

    def __init__(self, url: str) -> None:
        port = free_port()
        self.base = f"http://127.0.0.1:{port}"
        environment = {"FRAMEQUEUE_REDIS__URL": url, "FRAMEQUEUE_API__PORT": str(port), "PATH": "/usr/bin:/bin"}
        command = [sys.executable, "-m", "service.cli", "api"]
        self.process = subprocess.Popen(command, cwd=ROOT, env={**environment, "PYTHONPATH": str(ROOT)})

    async def answers(self) -> bool:
        """Whether it is up."""
        async with httpx.AsyncClient() as client:
            try:
                return (await client.get(f"{self.base}/livez")).status_code == 200
            except httpx.TransportError:
                return False

    def peak_kib(self) -> int:
        """The most memory that it had so far, in KiB."""
        status = Path(f"/proc/{self.process.pid}/status").read_text(encoding="ascii")
        return int(re.search(r"VmHWM:\s+(\d+)", status)[1])  # type: ignore[index]  # Linux has it always

    def stop(self) -> None:
        self.process.terminate()
        try:
            assert self.process.wait(20) == 0
        finally:
            self.process.kill()


@pytest.fixture
async def api(valkey: str) -> AsyncIterator[Api]:
    api = Api(valkey)
    try:
        await until(api.answers, 60)
        yield api
    finally:
        api.stop()


@pytest.fixture
async def client(api: Api) -> AsyncIterator[httpx.AsyncClient]:
    limits = httpx.Limits(max_connections=None)
    headers = {"accept-encoding": "identity"}
    async with httpx.AsyncClient(base_url=api.base, headers=headers, timeout=120, limits=limits) as client:
        yield client


async def keep(redis: Redis, table: pa.Table) -> Frame:
    """The table as an uploaded frame that a worker has read."""
    media_type = stored.MEDIA_TYPE
    async with BlobWriter(redis, 600, compress=False) as writer:
        for piece in stored.store(table):
            await writer.write(memoryview(piece))
        info = await writer.finish()
    ref = PayloadRef(
        blob=info.id, media_type=media_type, bytes=info.size, sha256=info.sha256, rows=table.num_rows, ours=True
    )
    frame, _ = await FrameStore(redis, 600).add("default", ref, ref)
    return frame


def large() -> pa.Table:
    numbers = np.random.default_rng(0)
    return pa.table(
        {
            "number": numbers.integers(-(2**62), 2**62, ROWS),
            "fraction": numbers.random(ROWS),
            "text": pa.array(numbers.integers(0, 2**62, ROWS)).cast(pa.string()),
        }
    )


async def read(client: httpx.AsyncClient, url: str, **headers: str) -> tuple[httpx.Response, int, str]:
    """The answer, how many bytes it had, and their SHA-256."""
    size, digest = 0, hashlib.sha256()
    async with client.stream("GET", url, headers=headers) as answer:
        async for piece in answer.aiter_raw():
            size += len(piece)
            digest.update(piece)
    return answer, size, digest.hexdigest()


@pytest.mark.timeout(600)
async def test_memory_does_not_grow_with_the_result(api: Api, client: httpx.AsyncClient, redis: Redis) -> None:
    """Contract: uploads and results stream in chunks — the API's memory does not grow with them."""
    small, frame = await keep(redis, large().slice(0, 1000)), await keep(redis, large())
    queries = ["csv", "ndjson", "json&orient=columns", "parquet", "html", "arrow", "xlsx&limit=60000"]
    for query in queries:
        assert (await read(client, f"/v1/frames/{small.id}/content?format={query}"))[0].status_code == 200
    before, total = api.peak_kib(), 0
    url = f"/v1/frames/{frame.id}/content?format="
    for query in queries:
        answer, size, _ = await read(client, url + query)
        assert answer.status_code == 200
        total += size
    answer, size, part = await read(client, f"{url}csv", range="bytes=60000000-")
    assert (answer.status_code, int(answer.headers["content-length"])) == (206, size)
    again = (await read(client, f"{url}csv", range="bytes=60000000-"))[2]
    assert again == part, "the same tag, the same bytes"
    grown = api.peak_kib() - before
    print(f"{total / 1024**2:,.0f} MiB answered, peak memory grew by {grown / 1024:,.0f} MiB")  # measured
    assert total > 2 * GROWTH_KIB * 1024
    assert grown < GROWTH_KIB


@pytest.mark.timeout(300)
async def test_slow_readers_and_leavers_hold_nothing(api: Api, client: httpx.AsyncClient, redis: Redis) -> None:
    """Contract: a slow reader holds no thread, and a client that leaves frees everything."""
    small, frame = await keep(redis, large().slice(0, 10)), await keep(redis, large())
    url = f"/v1/frames/{frame.id}/content?format=csv"
    async with AsyncExitStack() as stack:
        # more than there are threads; each reads the beginning and then nothing
        for _ in range(12):
            answer = await stack.enter_async_context(client.stream("GET", url))
            assert await anext(answer.aiter_raw())
        async with asyncio.timeout(60):
            quick = await client.get(f"/v1/frames/{small.id}/content?format=csv")
        assert quick.text.count("\n") == 11
    # they left; what they had is free for others, and a whole answer comes
    async with asyncio.timeout(120):
        _, size, digest = await read(client, url)
    assert (await read(client, url))[1:] == (size, digest)
    head = await client.head(url)
    assert head.headers["content-length"] == str(size), "who has streamed it knows it"


@pytest.mark.timeout(300)
@pytest.mark.parametrize("query", ["csv", "arrow"])
async def test_a_failure_in_the_middle_breaks_the_connection(
    client: httpx.AsyncClient, redis: Redis, query: str
) -> None:
    """Contract: never a truncated result presented as whole."""
    frame = await keep(redis, large())
    async with client.stream("GET", f"/v1/frames/{frame.id}/content?format={query}") as answer:
        pieces = answer.aiter_raw()
        assert await anext(pieces)
        await redis.flushdb()
        with pytest.raises(httpx.RemoteProtocolError):
            [piece async for piece in pieces]


@pytest.fixture(autouse=True)
def clean_end(valkey: str) -> Iterator[None]:
    """Frames of these tests name one blob twice, as no upload would: nothing of them stays."""
    yield
    with SyncRedis.from_url(valkey) as client:
        client.flushdb()
