"""A job's life in the store: submitted once, claimed by one, ended once, by who holds the token."""

import asyncio

import pytest

from jobs.errors import InputGone, QueueFull
from jobs.model import AttemptReport, Outcome, Problem, Progress
from jobs.state import JobState
from jobs.store import keys, wake
from jobs.store.claims import Claim
from jobs.store.jobs import JobStore
from jobs.store.redis import Redis
from tests.store.build import spec

LIMIT = 1_000
LEASE_MS = 10_000
PROBLEM = Problem(code="transform.failed", title="Step failed", detail="no", retryable=False)


async def claim_one(store: JobStore, lease_ms: int = LEASE_MS, worker: str = "w") -> Claim:
    claims = await store.claim(worker, 1, lease_ms)
    assert len(claims.taken) == 1
    return claims.taken[0]


async def test_submit_keeps_what_was_submitted(store: JobStore) -> None:
    job = await store.submit("job_a", spec(), {"df": b"a\n1"}, LIMIT)
    assert (job.state, job.version, job.attempt) == (JobState.QUEUED, 1, 0)
    assert await store.get("job_a") == job
    assert (await claim_one(store)).inputs == {"df": b"a\n1"}


async def test_submit_again_is_the_same_job(store: JobStore) -> None:
    first = await store.submit("job_a", spec(), {"df": b"1"}, LIMIT)
    again = await store.submit("job_a", spec(), {"df": b"1"}, LIMIT)
    assert again == first
    assert len((await store.claim("w", 10, LEASE_MS)).taken) == 1


async def test_a_full_queue_refuses_and_stores_nothing(store: JobStore, redis: Redis) -> None:
    await store.submit("job_a", spec(), {}, 1)
    before = sorted(await redis.keys("*"))
    with pytest.raises(QueueFull):
        await store.submit("job_b", spec(), {"df": b"1"}, 1)
    assert sorted(await redis.keys("*")) == before


async def test_a_vanished_payload_refuses_and_stores_nothing(store: JobStore, redis: Redis) -> None:
    with pytest.raises(InputGone):
        await store.submit("job_a", spec("blb_gone"), {}, LIMIT)
    assert await redis.keys("*") == []


async def test_a_job_is_claimed_by_one_worker(store: JobStore) -> None:
    for number in range(20):
        await store.submit(f"job_{number}", spec(), {}, LIMIT)
    claims = await asyncio.gather(*(store.claim(f"w{n}", 4, LEASE_MS) for n in range(10)))
    ids = [claim.id for one in claims for claim in one.taken]
    assert sorted(ids) == sorted(f"job_{number}" for number in range(20))


async def test_claims_follow_the_order_of_submits(store: JobStore) -> None:
    for number in range(5):
        await store.submit(f"job_{number}", spec(), {}, LIMIT)
        await asyncio.sleep(0.002)
    taken = (await store.claim("w", 5, LEASE_MS)).taken
    assert [claim.id for claim in taken] == [f"job_{number}" for number in range(5)]


async def test_running_jobs_do_not_starve_the_next(store: JobStore) -> None:
    for number in range(150):
        await store.submit(f"job_{number}", spec(), {}, LIMIT)
    assert len((await store.claim("w", 149, LEASE_MS)).taken) == 149
    assert len((await store.claim("v", 1, LEASE_MS)).taken) == 1


async def test_ids_held_by_a_stock_worker_are_passed_over(store: JobStore, redis: Redis) -> None:
    for number in range(60):
        await store.submit(f"job_{number:02}", spec(), {}, LIMIT)
    for number in range(50):
        await redis.psetex(keys.lease(f"job_{number:02}"), 60_000, b"1")
    taken = (await store.claim("w", 20, LEASE_MS)).taken
    assert sorted(claim.id for claim in taken) == [f"job_{number}" for number in range(50, 60)]


async def test_a_delayed_job_waits_and_then_is_queued_first(store: JobStore, redis: Redis) -> None:
    job = await store.submit("job_a", spec(delay_s=0.05), {}, LIMIT)
    assert job.state is JobState.WAITING
    claims = await store.claim("w", 1, LEASE_MS)
    assert claims.taken == ()
    assert claims.next_due_ms is not None
    assert 0 < claims.next_due_ms - claims.now_ms <= 50
    await asyncio.sleep(0.1)
    assert (await claim_one(store)).id == "job_a"
    kinds = [fields[b"type"] for _, fields in await redis.xrange(keys.events("job_a"))]
    assert kinds == [b"job.queued", b"job.started"]


async def test_the_end_is_kept_and_reached_once(store: JobStore, redis: Redis) -> None:
    await store.submit("job_a", spec(), {"df": b"1"}, LIMIT)
    claim = await claim_one(store)
    assert await store.finish(claim, JobState.SUCCEEDED, Outcome(), result=b"arrow", result_ttl_s=100)
    # the reply was lost and it is sent again
    assert await store.finish(claim, JobState.SUCCEEDED, Outcome(), result=b"arrow", result_ttl_s=100)
    assert not await store.finish(claim, JobState.FAILED, Outcome(), result_ttl_s=100)
    job = await store.get("job_a")
    assert job is not None
    assert job.state is JobState.SUCCEEDED
    assert job.finished_ms is not None
    assert await store.small_result("job_a") == b"arrow"
    kinds = [fields[b"type"] for _, fields in await redis.xrange(keys.events("job_a"))]
    assert kinds == [b"job.queued", b"job.started", b"job.succeeded"]
    assert (await store.claim("w", 1, LEASE_MS)).next_due_ms is None


async def test_a_late_worker_is_refused(store: JobStore) -> None:
    await store.submit("job_a", spec(), {}, LIMIT)
    late = await claim_one(store, lease_ms=20)
    await asyncio.sleep(0.05)
    current = await claim_one(store, worker="v")
    assert current.job is not None
    assert current.job.attempt == 2
    assert not await store.progress(late, Progress(step=1, steps=2, fraction=0.5))
    assert not await store.release(late)
    assert not await store.finish(late, JobState.SUCCEEDED, Outcome(), result=b"late", result_ttl_s=100)
    assert await store.renew("w fp", LEASE_MS, [(late.id, late.token), (current.id, current.token)]) == ["lost", "held"]
    assert await store.finish(current, JobState.SUCCEEDED, Outcome(), result=b"right", result_ttl_s=100)
    assert await store.small_result("job_a") == b"right"


async def test_a_lapsed_lease_that_nobody_took_may_be_renewed_and_ended(store: JobStore) -> None:
    await store.submit("job_a", spec(), {}, LIMIT)
    claim = await claim_one(store, lease_ms=20)
    await asyncio.sleep(0.05)
    assert await store.renew("w fp", LEASE_MS, [(claim.id, claim.token)]) == ["held"]
    assert (await store.claim("v", 1, LEASE_MS)).taken == ()
    assert await store.finish(claim, JobState.SUCCEEDED, Outcome(), result_ttl_s=100)


async def test_a_handed_back_job_keeps_its_try(store: JobStore) -> None:
    await store.submit("job_a", spec(), {}, LIMIT)
    assert await store.release(await claim_one(store), refund=True)
    again = await claim_one(store)
    assert again.job is not None
    assert again.job.attempt == 1
    assert await store.release(again)
    third = await claim_one(store)
    assert third.job is not None
    assert third.job.attempt == 2


async def test_reports_of_all_attempts_are_kept(store: JobStore) -> None:
    await store.submit("job_a", spec(), {}, LIMIT)
    one = AttemptReport(attempt=1, outcome="retried", error=PROBLEM, samples=({"a": 10**20},))
    two = AttemptReport(attempt=2, outcome="failed", error=PROBLEM)
    await store.release(await claim_one(store), report=one)
    await store.finish(await claim_one(store), JobState.FAILED, Outcome(error=PROBLEM), report=two, result_ttl_s=100)
    assert await store.reports("job_a") == (one, two)


async def test_the_wake_flag_wakes_one_and_is_never_longer_than_one(store: JobStore, redis: Redis) -> None:
    for number in range(3):
        await store.submit(f"job_{number}", spec(), {}, LIMIT)
    assert await redis.llen(keys.wake(store.queue)) == 1
    await wake.wait(store.redis, store.queue, 1)
    assert await redis.llen(keys.wake(store.queue)) == 0
    # more is due than was claimed: the next worker is woken
    await store.claim("w", 1, LEASE_MS)
    assert await redis.llen(keys.wake(store.queue)) == 1


async def test_nothing_stays_for_ever(store: JobStore, redis: Redis) -> None:
    await store.submit("job_a", spec(), {"df": b"1"}, LIMIT)
    claim = await claim_one(store)
    await store.renew("w fp", LEASE_MS, [(claim.id, claim.token)])
    await store.finish(claim, JobState.SUCCEEDED, Outcome(), result=b"1", result_ttl_s=100)
    without = [key for key in await redis.keys("*") if await redis.pttl(key) < 0]
    assert sorted(without) == sorted(key.encode() for key in (keys.wake(store.queue), keys.tenant_jobs("t")))


async def test_scripts_survive_a_flush(store: JobStore, redis: Redis) -> None:
    await store.submit("job_a", spec(), {}, LIMIT)
    await redis.script_flush()
    assert (await claim_one(store)).id == "job_a"
