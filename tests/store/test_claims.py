"""What a claim takes: again after a lost reply, one suspect at a time, and no more than fits into memory."""

import asyncio
from dataclasses import replace
from unittest.mock import ANY

import pytest

from jobs.model import JobSpec
from jobs.store import factors, keys
from jobs.store.claims import Claims, Room
from jobs.store.jobs import JobStore
from jobs.store.redis import Redis
from tests.store.build import spec

LEASE_MS = 60_000


async def submit(store: JobStore, *ids: str, sized: int = 3) -> None:
    for job_id in ids:
        await store.submit(job_id, _sized(sized), {"df": b"a\n1"}, 1_000)


def _sized(count: int) -> JobSpec:
    plain = spec()
    given = plain.inputs["df"]
    return plain.changed(inputs={"df": given.changed(payload=given.payload.changed(bytes=count))})


async def let_lapse(redis: Redis, *ids: str) -> None:
    """As when the machine of their worker is gone, and its leases are over."""
    for job_id in ids:
        await redis.delete(keys.lease(job_id))
        await redis.zadd("arq:queue", {job_id: 1}, xx=True)


def ids(claims: Claims) -> list[str]:
    return [claim.id for claim in claims.taken]


async def test_a_worker_that_ends_learns_what_its_last_claim_took_and_takes_no_more(store: JobStore) -> None:
    await submit(store, "a", "b")
    lost = await store.claim("w", 1, LEASE_MS, nonce="1")
    assert await store.claim("w", 0, LEASE_MS, nonce="2") == replace(lost, now_ms=ANY, next_due_ms=ANY, taken=())
    assert (await store.claim("w", 0, LEASE_MS, nonce="1")).taken == lost.taken


@pytest.mark.parametrize("server", ["valkey"], indirect=True)  # fakeredis does not hold a pipeline up
async def test_a_claim_that_waits_is_made_when_a_submit_wakes(store: JobStore) -> None:
    waiting = asyncio.create_task(store.claim("w", 2, LEASE_MS, wait_s=30))
    await asyncio.sleep(0)
    await submit(store, "a")
    async with asyncio.timeout(20):
        assert ids(await waiting) == ["a"]
    assert ids(await store.claim("w", 2, LEASE_MS, wait_s=0.01)) == [], "and at its end where none comes"


async def test_a_claim_whose_answer_was_lost_is_answered_again(store: JobStore) -> None:
    await submit(store, "a", "b", "c")
    lost = await store.claim("w", 2, LEASE_MS, nonce="1")
    again = await store.claim("w", 2, LEASE_MS, nonce="1")
    assert ids(again) == ids(lost) == ["a", "b"]
    assert [claim.token for claim in again.taken] == [claim.token for claim in lost.taken]
    assert [claim.job.attempt for claim in again.taken if claim.job] == [1, 1]
    assert again.taken[0].inputs == {"df": b"a\n1"}
    assert ids(await store.claim("w", 2, LEASE_MS, nonce="2")) == ["c"]


async def test_what_others_took_meanwhile_is_not_answered_again(store: JobStore, redis: Redis) -> None:
    await submit(store, "a", "b")
    await store.claim("w", 2, LEASE_MS, nonce="1")
    await let_lapse(redis, "a")
    assert ids(await store.claim("v", 1, LEASE_MS)) == ["a"]
    assert ids(await store.claim("w", 2, LEASE_MS, nonce="1")) == ["b"]


async def test_the_first_loss_is_free_and_each_further_one_counts(store: JobStore, redis: Redis) -> None:
    await submit(store, "a")
    seen = []
    for _ in range(5):
        claim = (await store.claim("w", 1, LEASE_MS)).taken[0]
        seen.append((claim.job and claim.job.attempt, claim.suspect, claim.exhausted))
        await let_lapse(redis, "a")
    # max_attempts is 3
    assert seen == [(1, False, False), (2, False, False), (3, True, False), (4, True, False), (4, True, True)]


async def test_a_worker_holds_one_suspect_at_a_time_and_others_go_on(store: JobStore, redis: Redis) -> None:
    await submit(store, "a", "b", "fresh")
    await store.claim("w", 2, LEASE_MS)
    await let_lapse(redis, "a", "b")
    assert ids(await store.claim("w", 2, LEASE_MS)) == ["a", "b"]  # once may happen to everyone
    await let_lapse(redis, "a", "b")
    first = await store.claim("w", 3, LEASE_MS)
    assert ids(first) == ["a", "fresh"]
    assert ids(await store.claim("w", 3, LEASE_MS, room=Room(busy=2, suspects=False))) == []
    assert ids(await store.claim("v", 3, LEASE_MS)) == ["b"]


async def test_jobs_are_claimed_while_memory_lasts(store: JobStore) -> None:
    await submit(store, "a", "b", "c", sized=100)
    room = Room(memory_free=500, memory_total=500)  # each weighs at least twice its bytes
    claims = await store.claim("w", 3, LEASE_MS, room=room)
    assert [(claim.id, claim.weight) for claim in claims.taken] == [("a", 200), ("b", 200)]
    assert ids(await store.claim("v", 3, LEASE_MS)) == ["c"]


async def test_a_smaller_job_passes_one_that_does_not_fit_yet(store: JobStore) -> None:
    await submit(store, "large", sized=200)
    await submit(store, "small", sized=10)
    claims = await store.claim("w", 2, LEASE_MS, room=Room(busy=1, memory_free=100, memory_total=500))
    assert ids(claims) == ["small"]


async def test_a_job_that_waited_long_for_memory_is_not_passed_any_more(store: JobStore, redis: Redis) -> None:
    await submit(store, "large", sized=200)
    await submit(store, "small", sized=10)
    await redis.zincrby("arq:queue", -60_000, "large")
    room = Room(busy=1, memory_free=100, memory_total=500)
    held_up = await store.claim("w", 2, LEASE_MS, room=room)
    assert ids(held_up) == []
    assert held_up.next_due_ms is not None
    assert held_up.next_due_ms > held_up.now_ms  # the worker is not to ask without a pause
    assert ids(await store.claim("w", 2, LEASE_MS, room=Room(memory_free=500, memory_total=500))) == ["large", "small"]


async def test_factors_are_learned_at_once_upwards_and_slowly_downwards(store: JobStore, redis: Redis) -> None:
    await factors.learn(redis, {"text/csv": 10.0})
    await factors.learn(redis, {"text/csv": 2.0})
    await submit(store, "a", sized=100)
    claim = (await store.claim("w", 1, LEASE_MS)).taken[0]
    assert claim.weight == pytest.approx(960)
    assert claim.least_bytes == 200


async def test_a_job_that_is_expected_not_to_fit_runs_alone(store: JobStore, redis: Redis) -> None:
    await factors.learn(redis, {"text/csv": 10.0})
    await submit(store, "a", sized=100)
    assert ids(await store.claim("w", 1, LEASE_MS, room=Room(busy=1, memory_free=500, memory_total=500))) == []
    assert ids(await store.claim("w", 1, LEASE_MS, room=Room(memory_free=500, memory_total=500))) == ["a"]


async def test_a_claim_passes_over_so_many_and_no_more(store: JobStore) -> None:
    for number in range(230):
        await submit(store, f"job_{number:03}", sized=200)
    await submit(store, "small", sized=1)
    held_up = await store.claim("w", 2, LEASE_MS, room=Room(busy=1, memory_free=100, memory_total=500))
    assert ids(held_up) == []
    assert held_up.next_due_ms is not None
    assert held_up.next_due_ms > held_up.now_ms


async def test_what_a_lost_claim_took_is_no_loss_where_it_is_asked_for_later(store: JobStore, redis: Redis) -> None:
    await submit(store, "a")
    await store.claim("w", 1, LEASE_MS, nonce="1")  # its answer never came
    await let_lapse(redis, "a")
    await redis.delete(keys.claimed("w"))
    (claim,) = (await store.claim("w", 1, LEASE_MS, nonce="1")).taken
    assert claim.job is not None
    assert (claim.job.attempt, await redis.hget(keys.job("a"), "lost")) == (1, None)


async def test_one_damaged_record_keeps_nobody_else_from_being_claimed(store: JobStore, redis: Redis) -> None:
    await submit(store, "a", "bad", "b")
    await redis.hdel(keys.job("bad"), "max_attempts")
    claims = await store.claim("w", 5, LEASE_MS)
    assert {claim.id: bool(claim.broken) for claim in claims.taken} == {"a": False, "bad": True, "b": False}


async def test_a_claim_that_only_ends_a_job_leaves_no_report(store: JobStore, redis: Redis) -> None:
    await submit(store, "a")
    for _ in range(7):
        await store.claim("w", 1, LEASE_MS)
        await let_lapse(redis, "a")
    assert [report.attempt for report in await store.reports("a")] == [1, 2, 3, 4]


async def test_an_outlier_teaches_only_so_much(store: JobStore, redis: Redis) -> None:
    await factors.learn(redis, {"text/csv": 4_000.0})
    await submit(store, "a", sized=100)
    claim = (await store.claim("w", 1, LEASE_MS)).taken[0]
    assert claim.weight == 6_400


async def test_what_weighs_nothing_is_claimed_beside_anything(store: JobStore) -> None:
    await submit(store, "a", sized=0)
    assert ids(await store.claim("w", 1, LEASE_MS, room=Room(busy=1, memory_free=-100, memory_total=500))) == ["a"]
