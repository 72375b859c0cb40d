"""A tenant's quotas of unfinished jobs and stored bytes: exact, atomic, and over with what expires."""

import asyncio
from typing import Any

import pytest

from config.sections import JobSettings
from jobs.errors import QueueQuota, QuotaExceeded, StorageQuota
from jobs.model import STORED_MEDIA_TYPE, Input, Outcome, PayloadRef, ResultInfo
from jobs.state import JobState
from jobs.store import keys
from jobs.store.frames import FrameStore
from jobs.store.jobs import JobStore
from jobs.store.records import as_payload
from jobs.store.redis import Redis
from jobs.store.submits import NewJob, Terms
from tests.store.build import spec
from tests.store.test_blobs import write
from tests.store.test_lost_replies import ref

MANY = Terms(1_000, live_quota=2)
MUCH = Terms(1_000, stored_quota=100)


def new(name: str, *, size: int = 3, **changes: Any) -> NewJob:
    inputs = {"df": Input(payload=PayloadRef(blob="", media_type="text/csv", bytes=size))}
    return NewJob(name, spec(inputs=inputs, **changes), {"df": b"x" * size})


async def stored(redis: Redis, tenant: str = "t") -> int:
    return int(await redis.hget(f"{keys.tenant_stored(tenant)}:bytes", "*") or 0)


async def ended(store: JobStore, state: JobState = JobState.SUCCEEDED, *, size: int = 10, ttl_s: int = 100) -> None:
    (claim,) = (await store.claim("w", 1, 10_000)).taken
    result = ResultInfo(rows=1, columns=(), bytes=size, sha256="") if state is JobState.SUCCEEDED else None
    assert await store.finish(claim, state, Outcome(result=result), result=b"x" * size, result_ttl_s=ttl_s)


async def test_unfinished_jobs_have_a_quota(store: JobStore) -> None:
    """Contract: queued jobs per tenant have a limit with its own code."""
    await store.submits.submit([new("a"), new("b")], MANY)
    with pytest.raises(QueueQuota, match="2 jobs"):
        await store.submits.submit([new("c")], MANY)
    await store.submits.submit([new("d", tenant="other")], MANY)
    assert (await store.submits.submit([new("a")], MANY)).jobs[0].id == "a"  # sent again after a lost reply
    await ended(store)
    await store.submits.submit([new("c")], MANY)


async def test_a_batch_is_within_the_quota_or_not_at_all(redis: Redis, store: JobStore) -> None:
    with pytest.raises(QueueQuota):
        await store.submits.submit([new("a"), new("b"), new("c")], MANY)
    assert await redis.keys(f"{keys.JOB_PREFIX}*") == []


async def test_fifty_at_once_are_no_more_than_the_quota(redis: Redis, store: JobStore) -> None:
    tries = [store.submits.submit([new(f"j{n}")], Terms(1_000, live_quota=7)) for n in range(50)]
    answers = await asyncio.gather(*tries, return_exceptions=True)
    assert sum(isinstance(one, QueueQuota) for one in answers) == 43
    assert await redis.zcard(keys.tenant_live("t")) == 7


async def test_stored_bytes_have_a_quota(redis: Redis, store: JobStore) -> None:
    """Contract: stored bytes per tenant have a limit with its own code."""
    await store.submits.submit([new("a", size=60)], MUCH)
    with pytest.raises(StorageQuota, match="60 bytes stored, and 41 more"):
        await store.submits.submit([new("b", size=41)], MUCH)
    assert await stored(redis) == 60
    await store.submits.submit([new("b", size=40)], MUCH)
    await store.submits.submit([new("c", size=90, tenant="other")], MUCH)
    assert (await stored(redis), await stored(redis, "other")) == (100, 90)


async def test_a_job_counts_with_its_result_until_that_expires(redis: Redis, store: JobStore) -> None:
    await store.submits.submit([new("a", size=60)], MUCH)
    await ended(store, size=30)
    assert await stored(redis) == 90
    with pytest.raises(StorageQuota) as refused:
        await store.submits.submit([new("b", size=20)], MUCH)
    assert 1 <= refused.value.retry_after_s <= 60
    # as if its hundred seconds were over
    await redis.zadd(keys.tenant_stored("t"), {"a": 1})
    await store.submits.submit([new("b", size=100)], MUCH)
    assert await stored(redis) == 100
    assert await redis.hkeys(f"{keys.tenant_stored('t')}:bytes") == [b"*", b"b"]


@pytest.mark.parametrize("state", [JobState.FAILED, JobState.CANCELED])
async def test_a_job_without_result_counts_until_its_inputs_expire(
    redis: Redis, store: JobStore, state: JobState
) -> None:
    (job,) = (await store.submits.submit([new("a", size=60)], MUCH)).jobs
    if state is JobState.CANCELED:
        await store.cancel(job)
    else:
        await ended(store, state, size=0)
    assert await stored(redis) == 60
    ends = await redis.zscore(keys.tenant_stored("t"), "a")
    assert ends == int(await redis.hget(keys.job("a"), "expires_ms"))


async def test_frames_count_until_they_are_deleted(redis: Redis, store: JobStore) -> None:
    frames = FrameStore(redis, JobSettings().frame_ttl_s, 100)
    small, large = ref(await write(redis, b"x")).changed(bytes=70), ref(await write(redis, b"y")).changed(bytes=31)
    frame, _ = await frames.add("t", small, None)
    with pytest.raises(StorageQuota):
        await frames.add("t", large, None)
    with pytest.raises(QuotaExceeded):
        await store.submits.submit([new("a", size=31)], MUCH)
    from_frame = {"df": Input(payload=small, frame=frame.id)}
    await store.submits.submit([NewJob("b", spec(inputs=from_frame), {})], MUCH)
    assert await stored(redis) == 70  # a frame counts once, whoever reads it
    await frames.delete(frame)
    assert await stored(redis) == 0
    await frames.delete(frame)
    assert await stored(redis) == 0
    await frames.add("t", large, None)


async def test_rejects_count_with_the_result(redis: Redis, store: JobStore) -> None:
    await store.submits.submit([new("a", size=60)], MUCH)
    (claim,) = (await store.claim("w", 1, 10_000)).taken
    aside = ref(await write(redis, b"z")).changed(bytes=25)
    result = ResultInfo(rows=1, columns=(), bytes=10, sha256="", rejects=1, set_aside=aside)
    assert await store.finish(claim, JobState.SUCCEEDED, Outcome(result=result), result=b"x", result_ttl_s=100)
    assert await stored(redis) == 95


async def test_copies_of_a_small_result_count_with_who_has_them(redis: Redis, store: JobStore) -> None:
    def reads(name: str, payload: PayloadRef) -> NewJob:
        return NewJob(name, spec(inputs={"df": Input(payload=payload, job="a")}), {})

    await store.submits.submit([new("a", size=10)], MUCH)
    await store.submits.submit([reads("b", PayloadRef(blob="", media_type=STORED_MEDIA_TYPE, bytes=0))], MUCH)
    assert await stored(redis) == 10
    (claim,) = (await store.claim("w", 1, 10_000)).taken
    result = ResultInfo(rows=1, columns=(), bytes=20, sha256="ab")
    assert await store.finish(claim, JobState.SUCCEEDED, Outcome(result=result), result=b"x" * 20, result_ttl_s=100)
    assert await stored(redis) == 50
    await store.submits.submit([reads("c", as_payload(result))], MUCH)
    assert await stored(redis) == 70
    with pytest.raises(StorageQuota):
        await store.submits.submit([reads(f"d{n}", as_payload(result)) for n in range(2)], MUCH)


async def test_many_that_expired_are_struck_out_bit_by_bit(redis: Redis, store: JobStore) -> None:
    ledger = keys.tenant_stored("t")
    names = [f"old{n}" for n in range(1_200)]
    await redis.zadd(ledger, dict.fromkeys(names, 1))
    await redis.hset(f"{ledger}:bytes", mapping=dict.fromkeys(names, 1) | {"*": 1_200})
    await store.submits.submit([new("a", size=3)], Terms(1_000, stored_quota=10_000))
    assert await stored(redis) == 703  # one page, since there is room
    await store.submits.submit([new("b", size=3)], MUCH)
    assert await stored(redis) == 6  # as many as it takes


async def test_without_a_quota_nothing_is_counted(redis: Redis, store: JobStore) -> None:
    await store.submits.submit([new("a")], Terms(1_000))
    await ended(store)
    assert await redis.keys(f"{keys.TENANT_PREFIX}*:stored*") == []


async def test_jobs_of_our_own_are_nobodys(redis: Redis, store: JobStore) -> None:
    await store.submits.submit([new("a")], Terms(1_000, live_quota=1, stored_quota=1, listed=False))
    assert await redis.keys(f"{keys.TENANT_PREFIX}*") == []
