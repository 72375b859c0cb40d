"""Carried out, but the answer was lost on its way: what is sent again is answered as the first time, and done once."""

from collections.abc import AsyncIterator

import pytest

from config.sections import JobSettings, RedisSettings
from jobs.model import AttemptReport, Input, Outcome, PayloadRef, Problem, Progress
from jobs.state import JobState
from jobs.store import keys
from jobs.store.blobs import BlobWriter
from jobs.store.connection import connect
from jobs.store.frames import FrameStore
from jobs.store.jobs import JobStore
from jobs.store.redis import Redis
from jobs.store.repeats import repeat_of
from jobs.store.submits import NewJob, Terms
from tests.proxy import Proxy
from tests.store.build import content, spec
from tests.store.conftest import QUEUE
from tests.store.test_blobs import write

PROBLEM = Problem(code="transform.failed", title="Step failed", detail="no", retryable=False)
REPORT = AttemptReport(attempt=1, outcome="retried", error=PROBLEM)


class Lossy:
    """The store behind a proxy that loses the next answer after so many bytes."""

    def __init__(self, redis: Redis, proxy: Proxy, after_bytes: int) -> None:
        self._redis, self._proxy, self._after_bytes = redis, proxy, after_bytes
        self._armed = 0

    async def lose(self) -> tuple[Redis, JobStore]:
        """Arm it, on a connection that stands; what comes back loses the first answer it waits for."""
        await self._redis.ping()
        self._proxy.lose_after = self._after_bytes
        self._armed += 1
        return self._redis, JobStore(self._redis, QUEUE, JobSettings())

    def all_lost(self) -> bool:
        return self._proxy.lost == self._armed


@pytest.fixture
def server(valkey: str) -> str:
    """A real one alone: fakeredis has no connections to lose."""
    return valkey


@pytest.fixture(params=[0, 1, 3])
async def lossy(request: pytest.FixtureRequest, valkey: str) -> AsyncIterator[Lossy]:
    async with Proxy(valkey.removeprefix("unix://")) as proxy:
        client = connect(RedisSettings(url=proxy.url, queue=QUEUE))
        lossy = Lossy(client, proxy, request.param)
        yield lossy
        assert lossy.all_lost()
        await client.aclose(close_connection_pool=True)


async def kinds(redis: Redis, job_id: str) -> list[str]:
    return [fields[b"type"].decode() for _, fields in await redis.xrange(keys.events(job_id))]


async def loaded(store: JobStore, redis: Redis) -> None:
    """Every script is known to the server: what is lost is the answer of the script itself."""
    await store.submit("job_z", spec(), {}, 10)
    (claim,) = (await store.claim("w", 1, 10_000)).taken
    await store.renew("w fp", 10_000, [])
    await store.progress(claim, Progress(step=0, steps=2, fraction=0.1))
    await store.release(claim)
    (claim,) = (await store.claim("w", 1, 10_000)).taken
    await store.finish(claim, JobState.SUCCEEDED, Outcome(), result_ttl_s=100)


async def test_a_job_s_whole_life(store: JobStore, redis: Redis, lossy: Lossy) -> None:
    await loaded(store, redis)
    blob = await write(redis, b"abc")
    _, unlucky = await lossy.lose()
    job = await unlucky.submit("job_a", spec(blob), {"df": b"1"}, 10)
    assert (job.state, job.version) == (JobState.QUEUED, 1)
    assert job == await store.get("job_a")
    assert await redis.hget(keys.blob(blob), "refs") == b"1"  # type: ignore[misc]  # stub: sync or async
    (claim,) = (await store.claim("w", 5, 10_000)).taken

    _, unlucky = await lossy.lose()
    assert await unlucky.renew("w fp", 10_000, [(claim.id, claim.token)]) == ["held"]
    version = (await store.get("job_a")).version  # type: ignore[union-attr]  # it is there
    _, unlucky = await lossy.lose()
    assert await unlucky.progress(claim, Progress(step=1, steps=2, fraction=0.5))
    assert (await store.get("job_a")).version == version + 1  # type: ignore[union-attr]  # same
    _, unlucky = await lossy.lose()
    assert await unlucky.release(claim, report=REPORT, refund=True)
    released = await store.get("job_a")
    assert released is not None
    assert (released.state, released.attempt, released.version) == (JobState.QUEUED, 0, version + 2)

    (claim,) = (await store.claim("w", 5, 10_000)).taken
    _, unlucky = await lossy.lose()
    done = await unlucky.finish(
        claim, JobState.FAILED, Outcome(error=PROBLEM), report=REPORT, result=b"1", result_ttl_s=100
    )
    assert done
    assert await store.reports("job_a") == (REPORT, REPORT)
    assert await redis.hget(keys.blob(blob), "refs") == b"0"  # type: ignore[misc]  # stub: sync or async
    told = ["job.queued", "job.started", "job.progress", "job.queued", "job.started", "job.failed"]
    assert await kinds(redis, "job_a") == told
    _, unlucky = await lossy.lose()
    assert await unlucky.get("job_a") == await store.get("job_a")


async def test_the_first_answer_may_be_that_the_script_is_unknown(store: JobStore, redis: Redis, lossy: Lossy) -> None:
    await redis.script_flush()
    _, unlucky = await lossy.lose()
    assert (await unlucky.submit("job_a", spec(), {}, 10)).state is JobState.QUEUED
    assert await kinds(redis, "job_a") == ["job.queued"]


async def test_a_batch_under_a_key_that_waits_for_another_job(store: JobStore, redis: Redis, lossy: Lossy) -> None:
    await loaded(store, redis)
    await store.submit("job_a", spec(delay_s=600), {}, 10)
    terms = Terms(10, repeat=repeat_of("t", "order-1", "f1", 100))
    inputs = {"df": Input(payload=ref(""), job="job_a")}
    new = [NewJob("job_b", spec(group="grp_1"), {"df": b"1"}), NewJob("job_c", spec(group="grp_1", inputs=inputs), {})]
    _, unlucky = await lossy.lose()
    accepted = await unlucky.submits.submit(new, terms)
    assert not accepted.replayed
    assert accepted.jobs == await store.submits.read(["job_b", "job_c"])
    assert await redis.zcard(keys.tenant_group("t", "grp_1")) == 2
    assert await redis.hget(keys.job("job_c"), "pending") == b"1"  # type: ignore[misc]  # stub: sync or async


async def test_payloads_and_frames(redis: Redis, lossy: Lossy) -> None:
    await FrameStore(redis, 900).add("t", ref(await write(redis, b"other")), None)
    client, _ = await lossy.lose()
    async with BlobWriter(client, 100, chunk_bytes=10) as writer:
        await writer.write(b"0123456789abcdef")
        info = await writer.finish()
    client, _ = await lossy.lose()
    frame, again = await FrameStore(client, 900).add("t", ref(info.id), None, repeat_of("t", "order-2", "f", 100))
    assert not again
    assert await FrameStore(redis, 900).get(frame.id) == frame
    client, _ = await lossy.lose()
    assert await content(client, info.id) == b"0123456789abcdef"
    client, _ = await lossy.lose()
    await FrameStore(client, 900).delete(frame)
    assert await redis.exists(keys.frame(frame.id), keys.blob(info.id)) == 0


async def test_a_plain_call_is_enqueued_once(redis: Redis, lossy: Lossy) -> None:
    await redis.enqueue_job("other", 1)
    client, _ = await lossy.lose()
    call = await client.enqueue_job("plain", 1, _job_id="call_a")
    assert call is not None
    assert await redis.zcard(QUEUE) == 2


async def test_a_submit_that_waits_for_the_disk(redis: Redis, lossy: Lossy) -> None:
    await redis.config_set("appendonly", "yes")
    try:
        client, _ = await lossy.lose()
        store = JobStore(client, QUEUE, JobSettings(), fsync_ms=5_000)
        assert (await store.submit("job_a", spec(), {}, 10)).state is JobState.QUEUED
        assert await redis.zcard(QUEUE) == 1
    finally:
        await redis.config_set("appendonly", "no")


def ref(blob: str) -> PayloadRef:
    return PayloadRef(blob=blob, media_type="text/csv", bytes=3)
