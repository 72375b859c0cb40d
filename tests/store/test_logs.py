"""A job's logs in the store: by the holder of the token alone, each batch once, and bounded."""

import asyncio

import pytest

from config.sections import RedisSettings
from jobs.errors import StoreFull
from jobs.model import AttemptReport, LogRecord, Outcome, Problem
from jobs.state import JobState
from jobs.store import keys, logs
from jobs.store.claims import Claim
from jobs.store.connection import connect
from jobs.store.jobs import JobStore
from jobs.store.logs import Batch
from jobs.store.redis import Redis
from tests.store.build import spec

LEASE_MS = 10_000
PROBLEM = Problem(code="transform.retry", title="Asked", detail="no", retryable=True)


def line(message: str, attempt: int = 1) -> LogRecord:
    return LogRecord(at_ms=1, attempt=attempt, step=1, level="info", message=message, source="print")


def batch(number: int, *messages: str, attempt: int = 1, dropped: int = 0) -> Batch:
    return Batch(number, [logs.encode(line(message, attempt)) for message in messages], dropped)


async def messages(redis: Redis) -> list[str]:
    return [record.message for record in await logs.read(redis, "job_a")]


@pytest.fixture
async def claim(store: JobStore) -> Claim:
    await store.submit("job_a", spec(), {}, 10)
    return (await store.claim("w", 1, LEASE_MS)).taken[0]


async def test_batches_are_kept_in_order_and_once(redis: Redis, claim: Claim) -> None:
    for one in (batch(1, "a", "b"), batch(1, "a", "b"), batch(2, "c"), batch(2, "c")):
        assert await logs.append(redis, claim.id, claim.token, one)
    assert await logs.read(redis, "job_a") == tuple(map(line, "abc"))


async def test_who_does_not_hold_the_job_is_refused(store: JobStore, redis: Redis, claim: Claim) -> None:
    assert await logs.append(redis, claim.id, claim.token, batch(1, "first"))
    assert await store.release(claim)
    second = (await store.claim("v", 1, LEASE_MS)).taken[0]
    assert not await logs.append(redis, claim.id, claim.token, batch(2, "late"))
    assert await logs.append(redis, claim.id, second.token, batch(1, "second", attempt=2))
    assert not await logs.append(redis, "job_unknown", claim.token, batch(1, "nobody's"))
    assert await messages(redis) == ["first", "second"]
    assert not await redis.exists(keys.logs("job_unknown"))


async def test_earlier_attempts_give_way(store: JobStore, redis: Redis, claim: Claim) -> None:
    assert await logs.append(redis, claim.id, claim.token, batch(1, *(f"old {n}" for n in range(600))))
    assert await store.release(claim)
    second = (await store.claim("v", 1, LEASE_MS)).taken[0]
    new = batch(1, *(f"new {n}" for n in range(700)), attempt=2, dropped=5)
    assert await logs.append(redis, claim.id, second.token, new)
    *kept, last = await messages(redis)
    assert kept == [f"old {n}" for n in range(300, 600)] + [f"new {n}" for n in range(700)]
    assert last == "305 records more were dropped: a job keeps 1,000 records and 256 KiB"


async def test_bytes_are_bounded_too(redis: Redis, claim: Claim) -> None:
    for number in range(1, 41):
        assert await logs.append(redis, claim.id, claim.token, batch(number, f"{number} " + "x" * 8_000))
    stored = await redis.lrange(keys.logs("job_a"), 0, -1)  # type: ignore[misc]  # stub: sync or async
    assert sum(map(len, stored)) <= logs.MOST_BYTES
    assert len(stored) == 32
    assert (await messages(redis))[-1].startswith("8 records more")


async def test_logs_live_as_long_as_the_record(store: JobStore, redis: Redis, claim: Claim) -> None:
    assert await logs.append(redis, claim.id, claim.token, batch(1, "a"))
    assert await redis.pttl(keys.logs("job_a")) == -1
    assert await store.finish(claim, JobState.SUCCEEDED, Outcome(), result_ttl_s=100)
    ends = await redis.pttl(keys.job("job_a"))
    assert 0 <= ends - await redis.pttl(keys.logs("job_a")) < 1_000
    await redis.delete(keys.logs("job_a"))
    # an outage kept it from being written before the end
    assert await logs.append(redis, claim.id, claim.token, batch(2, "b"))
    assert 0 < await redis.pttl(keys.logs("job_a")) <= ends


async def test_a_full_redis_refuses_and_keeps_nothing(valkey: str) -> None:
    redis = connect(RedisSettings(url=valkey))
    await redis.hset(keys.job("job_a"), "token", "t")  # type: ignore[misc]  # stub: sync or async
    await redis.config_set("maxmemory", "1")
    with pytest.raises(StoreFull):
        await logs.append(redis, "job_a", "t", batch(1, "a"))
    await redis.config_set("maxmemory", "0")
    assert await logs.append(redis, "job_a", "t", batch(1, "a"))
    assert await messages(redis) == ["a"]
    await redis.aclose(close_connection_pool=True)


async def test_the_first_and_the_last_reports_stay(store: JobStore) -> None:
    await store.submit("job_a", spec(max_attempts=100), {}, 10)
    for number in range(1, 41):
        taken = (await store.claim("w", 1, LEASE_MS)).taken[0]
        report = AttemptReport(attempt=number, outcome="retried", error=PROBLEM)
        assert await store.release(taken, report=report)
    kept = [report.attempt for report in await store.reports("job_a")]
    assert kept == [*range(1, 6), *range(26, 41)]


async def test_a_lost_attempt_is_reported_by_the_claim_that_finds_it(store: JobStore) -> None:
    await store.submit("job_a", spec(), {}, 10)
    await store.claim('host-7"\\-1', 1, 20)
    await asyncio.sleep(0.05)
    await store.claim("v", 1, LEASE_MS)
    (report,) = await store.reports("job_a")
    assert (report.attempt, report.outcome, report.worker) == (1, "lost", "host-7??-1")
    assert (report.error.code, report.error.retryable) == ("worker.lost", True)
