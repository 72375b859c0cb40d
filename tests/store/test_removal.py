"""Removing a job, on both servers."""

import asyncio

import pytest
import redis as sync_redis

from jobs.errors import JobLive
from jobs.model import STORED_MEDIA_TYPE, Input, Job, Outcome, PayloadRef, ResultInfo
from jobs.state import JobState
from jobs.store import blobs, keys, removal
from jobs.store.frames import FrameStore
from jobs.store.jobs import JobStore
from jobs.store.redis import Redis
from jobs.store.repeats import repeat_of
from jobs.store.submits import NewJob, Terms
from tests.store.build import spec

LIMIT = 100


async def blob(redis: Redis) -> str:
    async with blobs.BlobWriter(redis, 900) as writer:
        await writer.write(b"a\n1\n")
        return (await writer.finish()).id


async def ended(store: JobStore, job_id: str, given: str, made: str | None = None) -> Job:
    await store.submit(job_id, spec(given), {}, LIMIT)
    (claim,) = (await store.claim("w", 1, 60_000)).taken
    result = ResultInfo(rows=1, columns=(), bytes=1, sha256="ab", blob=made)
    await store.finish(claim, JobState.SUCCEEDED, Outcome(result=result), result_ttl_s=100)
    job = await store.get(job_id)
    assert job is not None
    return job


async def test_all_of_it_goes_and_again_is_no_error(store: JobStore, redis: Redis, client: "sync_redis.Redis") -> None:
    job = await ended(store, "job_a", await blob(redis), await blob(redis))
    await removal.remove(redis, store.queue, job)
    assert set(client.keys()) <= {keys.wake(store.queue).encode(), keys.claimed("w").encode()}
    await removal.remove(redis, store.queue, job)  # its answer was lost, and it is sent again


async def test_a_live_one_stays_also_where_it_was_read_as_ended(store: JobStore, redis: Redis) -> None:
    job = await store.submit("job_a", spec(), {}, LIMIT)
    for seen in (job, job.changed(state=JobState.SUCCEEDED)):
        with pytest.raises(JobLive):
            await removal.remove(redis, store.queue, seen)
    assert await store.get("job_a") == job


async def test_a_blob_goes_with_the_last_that_holds_it(store: JobStore, redis: Redis) -> None:
    given = await blob(redis)
    jobs = [await ended(store, f"job_{n}", given) for n in range(3)]
    live = await store.submit("job_live", spec(given), {}, LIMIT)
    for job in jobs:
        await removal.remove(redis, store.queue, job)
        assert await redis.exists(keys.blob(given))
    await store.cancel(live)
    job = await store.get("job_live")
    assert job is not None
    assert await redis.exists(keys.blob(given))
    await removal.remove(redis, store.queue, job)
    assert not await redis.exists(keys.blob(given))


async def test_a_result_kept_for_its_readers_goes_with_the_last_of_them(store: JobStore, redis: Redis) -> None:
    made = await blob(redis)
    job = await ended(store, "job_a", await blob(redis), made)
    # as who takes it for an input says how long it is kept
    await redis.hset(keys.blob(made), "until", str(job.expires_ms))  # type: ignore[misc]  # stub: sync or async
    reader = await store.submit("job_b", spec(made), {}, LIMIT)
    await removal.remove(redis, store.queue, job)
    assert await redis.exists(keys.blob(made))
    await store.cancel(reader)
    read = await store.get("job_b")
    assert read is not None
    await removal.remove(redis, store.queue, read)
    assert not await redis.exists(keys.blob(made))


async def test_a_worker_that_comes_late_brings_nothing_back(store: JobStore, redis: Redis) -> None:
    await store.submit("job_a", spec(), {}, LIMIT)
    (claim,) = (await store.claim("w", 1, 60_000)).taken
    await store.finish(claim, JobState.SUCCEEDED, Outcome(), result=b"1", result_ttl_s=100)
    job = await store.get("job_a")
    assert job is not None
    finish = store.finish(claim, JobState.SUCCEEDED, Outcome(), result=b"1", result_ttl_s=100)
    await asyncio.gather(removal.remove(redis, store.queue, job), finish, store.cancel(job))
    assert await store.renew("w fp", 1_000, [(claim.id, claim.token)]) == ["held"]
    assert [key for key in await redis.keys("*") if b"job_a" in key and b"claimed" not in key] == []


async def test_what_it_set_aside_goes_with_it(store: JobStore, redis: Redis) -> None:
    made, aside = await blob(redis), await blob(redis)
    await store.submit("job_a", spec(), {}, LIMIT)
    (claim,) = (await store.claim("w", 1, 60_000)).taken
    rejects = PayloadRef(blob=aside, media_type=STORED_MEDIA_TYPE, bytes=1)
    result = ResultInfo(rows=1, columns=(), bytes=1, sha256="ab", blob=made, rejects=1, set_aside=rejects)
    await store.finish(claim, JobState.SUCCEEDED, Outcome(result=result), result_ttl_s=100)
    job = await store.get("job_a")
    assert job is not None
    await removal.remove(redis, store.queue, job)
    assert not await redis.exists(keys.blob(made), keys.blob(aside))


async def test_a_batch_sent_again_is_what_is_left_of_it(store: JobStore, redis: Redis) -> None:
    """Contract: the same key and body give the same jobs; one that was deleted does not make all others run again."""
    terms = Terms(LIMIT, repeat=repeat_of("t", "key", "same", 900))
    made = await store.submits.submit([NewJob(f"job_{n}", spec(), {}) for n in range(2)], terms)
    for left, job in zip((["job_1"], []), made.jobs, strict=True):
        await store.cancel(job)
        ended = await store.get(job.id)
        assert ended is not None
        await removal.remove(redis, store.queue, ended)
        again = await store.submits.submit([NewJob(f"job_{left}{n}", spec(), {}) for n in range(2)], terms)
        assert again.replayed is bool(left)
        assert not left or [one.id for one in again.jobs] == left


async def test_a_deleted_frame_stays_for_the_jobs_that_live_and_no_longer(store: JobStore, redis: Redis) -> None:
    """Contract: deleting a frame leaves jobs that were accepted with it unharmed; a later rerun is 410."""
    given, frames = await blob(redis), FrameStore(redis, 900)
    payload = PayloadRef(blob=given, media_type="text/csv", bytes=4)
    frame, _ = await frames.add("t", payload, None)
    reads = spec(inputs={"df": Input(payload=payload, frame=frame.id)})
    jobs = [await store.submit(f"job_{n}", reads, {}, LIMIT) for n in range(2)]
    await frames.delete(frame)
    for job in jobs:
        assert await redis.exists(keys.blob(given))
        await store.cancel(job)
    assert not await redis.exists(keys.blob(given))
