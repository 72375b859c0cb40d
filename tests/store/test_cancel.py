"""Canceling: at once where nobody runs the job, through its worker where somebody does."""

from jobs.model import Outcome
from jobs.state import JobState
from jobs.store import keys
from jobs.store.jobs import Canceling, JobStore
from jobs.store.redis import Redis
from tests.store.build import spec

LEASE_MS = 60_000


async def types(redis: Redis, job_id: str) -> list[str]:
    return [entry[b"type"].decode() for _, entry in await redis.xrange(keys.events(job_id))]


async def test_a_queued_job_ends_at_once(store: JobStore, redis: Redis) -> None:
    job = await store.submit("a", spec(), {}, 10)
    assert await store.cancel(job) is Canceling.CANCELED
    ended = await store.get("a")
    assert ended is not None
    assert ended.state is JobState.CANCELED
    assert ended.outcome is not None
    assert ended.outcome.error is not None
    assert ended.outcome.error.code == "job.canceled"
    assert ended.cancel_requested_ms is not None
    assert await types(redis, "a") == ["job.queued", "job.canceled"]
    assert (await store.claim("w", 1, LEASE_MS)).taken == ()
    assert await store.cancel(job) is Canceling.ENDED
    assert await types(redis, "a") == ["job.queued", "job.canceled"]


async def test_a_waiting_job_ends_at_once_and_frees_its_blob(store: JobStore, redis: Redis) -> None:
    await redis.hset(keys.blob("blb"), "0", b"a\n1")
    job = await store.submit("a", spec("blb").changed(delay_s=60), {}, 10)
    assert await redis.ttl(keys.blob("blb")) == -1
    assert await store.cancel(job) is Canceling.CANCELED
    assert 0 < await redis.ttl(keys.blob("blb")) <= 100
    assert await redis.zcard("arq:queue") == 0


async def test_a_running_job_is_marked_once_and_its_holder_told(store: JobStore) -> None:
    job = await store.submit("a", spec(), {}, 10)
    claim = (await store.claim("w", 1, LEASE_MS)).taken[0]
    assert await store.cancel(job) is Canceling.ASKED
    asked = await store.get("a")
    assert await store.cancel(job) is Canceling.ASKED
    again = await store.get("a")
    assert asked is not None
    assert again is not None
    assert again.cancel_requested_ms == asked.cancel_requested_ms
    assert again.version == asked.version
    assert again.state is JobState.RUNNING
    assert await store.renew("w x", LEASE_MS, [("a", claim.token)]) == ["cancel"]
    assert await store.finish(claim, JobState.CANCELED, Outcome(), result_ttl_s=10)


async def test_the_first_end_wins(store: JobStore, redis: Redis) -> None:
    job = await store.submit("a", spec(), {}, 10)
    claim = (await store.claim("w", 1, LEASE_MS)).taken[0]
    await store.cancel(job)
    assert await store.finish(claim, JobState.SUCCEEDED, Outcome(), result_ttl_s=10)
    assert not await store.finish(claim, JobState.CANCELED, Outcome(), result_ttl_s=10)
    assert await store.cancel(job) is Canceling.ENDED
    assert [kind for kind in await types(redis, "a") if kind in {"job.succeeded", "job.canceled"}] == ["job.succeeded"]


async def test_a_job_handed_back_with_its_cancel_is_claimed_with_it(store: JobStore) -> None:
    job = await store.submit("a", spec(), {}, 10)
    claim = (await store.claim("w", 1, LEASE_MS)).taken[0]
    await store.cancel(job)
    assert await store.release(claim, refund=True)
    assert await store.cancel(job) is Canceling.CANCELED


async def test_an_unknown_job_is_not_canceled(store: JobStore, redis: Redis) -> None:
    job = await store.submit("a", spec(), {}, 10)
    assert await store.cancel(job.changed(id="b")) is None
    assert await redis.exists(keys.job("b")) == 0


async def test_a_cancel_does_not_wait_for_the_pause_before_a_retry(store: JobStore) -> None:
    job = await store.submit("a", spec(), {}, 10)
    claim = (await store.claim("w", 1, LEASE_MS)).taken[0]
    await store.cancel(job)
    assert await store.release(claim, delay_ms=86_400_000)
    (again,) = (await store.claim("w", 1, LEASE_MS)).taken
    assert again.job is not None
    assert again.job.cancel_requested_ms is not None


async def test_a_submit_sent_again_after_its_job_ended_tells_how(store: JobStore) -> None:
    await store.submit("a", spec(), {}, 10)
    claim = (await store.claim("w", 1, LEASE_MS)).taken[0]
    await store.finish(claim, JobState.SUCCEEDED, Outcome(peak_memory_bytes=3), result_ttl_s=10)
    again = await store.submit("a", spec(), {}, 10)
    assert again.state is JobState.SUCCEEDED
    assert again.outcome == Outcome(peak_memory_bytes=3)
