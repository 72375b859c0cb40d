"""Housekeeping: each kind of garbage goes in its time, with its reason; nothing alive or young is touched."""

import logging

import pytest
import redis as sync_redis

from jobs.model import Outcome, PayloadRef
from jobs.state import JobState
from jobs.store import keys
from jobs.store.frames import FrameStore
from jobs.store.jobs import JobStore
from jobs.store.redis import Redis
from jobs.store.requests import take
from jobs.store.submits import NewJob, Terms
from jobs.store.sweeper import Sweeper
from tests.store.build import content, spec
from tests.store.no_leaks import leaks
from tests.store.test_blobs import write


@pytest.fixture
def server(valkey: str) -> str:
    """A real one alone: which server it is comes from INFO, which fakeredis does not have."""
    return valkey


# a first pass marks, a second finds, a third marks again, a fourth removes
PASSES = 5


async def sweep(redis: Redis, queue: str, *, grace_s: float = 0, passes: int = PASSES) -> list[str]:
    removed: list[str] = []
    for _ in range(passes):
        removed += await Sweeper(redis, queue, grace_s=grace_s).run()
    return removed


async def garbage(redis: Redis, store: JobStore) -> set[str]:
    """One of each kind."""
    await store.submit("job_gone", spec(await write(redis, b"abc")), {"df": b"1"}, 10)
    (blob,) = await redis.keys(f"{keys.BLOB_PREFIX}*")
    await redis.delete(keys.job("job_gone"))
    await redis.zrem(store.queue, "job_gone")
    await redis.set(keys.lease("job_gone"), "w:1:job_gone")
    await redis.zadd(store.queue, {"job_nothing": 10**14})
    left = [keys.inputs("job_gone"), keys.events("job_gone"), keys.arq_job("job_gone"), keys.lease("job_gone")]
    return {blob.decode(), "job_nothing", *left}


async def test_each_kind_of_garbage_goes_and_says_why(
    redis: Redis, store: JobStore, client: "sync_redis.Redis", caplog: pytest.LogCaptureFixture
) -> None:
    made = await garbage(redis, store)
    assert len(leaks(client, store.queue)) == 8  # the two lists of the tenant name it, too
    with caplog.at_level(logging.WARNING):
        assert set(await sweep(redis, store.queue)) == made
    told = [record.getMessage() for record in caplog.records if "housekeeping removed" in record.getMessage()]
    assert all(any(name in line for line in told) for name in made)
    assert leaks(client, store.queue) == []


async def test_what_is_young_stays(redis: Redis, store: JobStore, client: "sync_redis.Redis") -> None:
    made = await garbage(redis, store)
    assert await sweep(redis, store.queue, grace_s=3_600) == []
    # and goes once it is old enough: what was found is remembered between runs
    assert set(await sweep(redis, store.queue, passes=1)) == made


async def test_what_lives_stays(redis: Redis, store: JobStore) -> None:
    frames = FrameStore(redis, 900)
    kept = {name: await write(redis, name.encode()) for name in ("queued", "running", "frame", "fresh", "result")}
    await frames.add("t", PayloadRef(blob=kept["frame"], media_type="text/csv", bytes=3), None)
    await store.submit("job_running", spec(kept["running"], kept["frame"]), {"df": b"1"}, 10)
    await store.submit("job_done", spec(kept["result"]), {"df": b"1"}, 10)
    running, done = (await store.claim("w", 2, 60_000)).taken
    await store.submit("job_queued", spec(kept["queued"]), {"df": b"1"}, 10)
    await store.submit("job_later", spec(delay_s=1_000), {"df": b"1"}, 10)
    await store.finish(done, JobState.SUCCEEDED, Outcome(), result=b"1", result_ttl_s=100)
    await redis.enqueue_job("plain", 1)
    before = sorted(await redis.keys("*"))
    assert await sweep(redis, store.queue, passes=2 * PASSES) == []
    after = {key for key in await redis.keys("*") if not key.endswith((b":housekeeping", b":found"))}
    assert sorted(after) == before
    for name, blob in kept.items():
        assert await content(redis, blob) == name.encode()
    assert await store.finish(running, JobState.SUCCEEDED, Outcome(), result_ttl_s=100)


async def test_what_is_not_ours_stays(redis: Redis, store: JobStore, client: "sync_redis.Redis") -> None:
    await redis.set("another:program", "1")
    await redis.set(f"{keys.JOB_PREFIX}job_a:of_a_newer_version", "1")
    await redis.set(b"\xff\xfe", "1")
    assert await sweep(redis, store.queue) == []
    assert await redis.delete("another:program", f"{keys.JOB_PREFIX}job_a:of_a_newer_version", b"\xff\xfe") == 3


async def test_a_long_wake_list_becomes_one_token(redis: Redis, store: JobStore) -> None:
    await redis.lpush(keys.wake(store.queue), 1, 1, 1)  # type: ignore[misc]  # stub: sync or async
    assert await sweep(redis, store.queue, passes=1) == [keys.wake(store.queue)]
    assert await redis.llen(keys.wake(store.queue)) == 1  # type: ignore[misc]  # same


async def test_a_run_is_bounded_and_the_next_one_goes_on(redis: Redis, store: JobStore) -> None:
    for number in range(2_000):
        await redis.set(keys.lease(f"job_{number}"), "1")
    place = keys.housekeeping(store.queue)
    seen = set()
    for _ in range(40):
        await Sweeper(redis, store.queue, grace_s=0, keys_a_run=500).run()
        seen.add(await redis.hget(place, "cursor"))  # type: ignore[misc]  # stub: sync or async
        if not await redis.keys(keys.lease("*")):
            break
    assert len(seen) > 2
    assert await redis.keys(keys.lease("*")) == []


async def test_half_a_pass_on_another_server_does_not_count(redis: Redis, store: JobStore) -> None:
    await garbage(redis, store)
    assert await sweep(redis, store.queue, passes=2) == []
    await redis.hset(keys.housekeeping(store.queue), "server", "another")  # type: ignore[misc]  # stub: sync or async
    assert await sweep(redis, store.queue, passes=1) == []
    assert len(await sweep(redis, store.queue)) == 6


async def test_the_lists_of_a_tenant_forget_what_has_expired(redis: Redis, store: JobStore) -> None:
    for number in range(1_200):
        await store.submit(f"job_{number}", spec(group="grp_1"), {}, 10_000)
    gone = [f"job_{number}" for number in range(1_200) if number % 3]
    await redis.delete(*(part(name) for name in gone for part in (keys.job, keys.inputs, keys.events, keys.arq_job)))
    await redis.zrem(store.queue, *gone)
    assert await sweep(redis, store.queue, passes=1, grace_s=3_600) == []
    for index in (keys.tenant_jobs("t"), keys.tenant_live("t"), keys.tenant_group("t", "grp_1")):
        assert await redis.zcard(index) == 400


async def test_the_ledger_and_the_requests_of_a_tenant_stay(redis: Redis, store: JobStore) -> None:
    terms = Terms(100, stored_quota=1_000)
    await store.submits.submit([NewJob("job_a", spec(), {})], terms)
    kept = await write(redis, b"abc")
    frame, _ = await FrameStore(redis, 900, 1_000).add("t", PayloadRef(blob=kept, media_type="text/csv", bytes=3), None)
    await take(redis, "t", 1, 1)
    assert await sweep(redis, store.queue, grace_s=3_600) == []
    ledger = keys.tenant_stored("t")
    assert sorted(await redis.zrange(ledger, 0, -1)) == sorted([frame.id.encode(), b"job_a"])
    assert await redis.hget(f"{ledger}:bytes", "*") == b"6"  # type: ignore[misc]  # stub: sync or async
    assert await redis.exists(keys.tenant_requests("t"))
