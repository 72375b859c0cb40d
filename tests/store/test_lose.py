"""A worker process is gone: what it held is due again at once, and nothing else moves."""

import pytest
from arq.constants import retry_key_prefix

from jobs.model import Job, Outcome
from jobs.state import JobState
from jobs.store import keys
from jobs.store.claims import Claim
from jobs.store.jobs import JobStore
from jobs.store.losses import Loss, lose
from jobs.store.redis import Redis
from tests.store.build import spec

LIMIT, LEASE_MS = 10_000, 10_000
EVIDENCE = "the worker process was ended by SIGKILL"


async def claimed(store: JobStore, count: int = 1, worker: str = "w", lease_ms: int = LEASE_MS) -> list[Claim]:
    taken = (await store.claim(worker, count, lease_ms)).taken
    assert len(taken) == count
    return list(taken)


async def lost(store: JobStore, worker: str = "w", page: int = 500, **facts: object) -> int:
    loss = Loss(worker_id=worker, evidence=EVIDENCE, peak_memory_bytes=5, **facts)  # type: ignore[arg-type]  # a test's
    return await lose(store.redis, store.queue, loss, LEASE_MS, page=page)


async def job(store: JobStore, job_id: str = "job_a") -> Job:
    found = await store.get(job_id)
    assert found is not None
    return found


async def kinds(redis: Redis, job_id: str = "job_a") -> list[str]:
    return [fields[b"type"].decode() for _, fields in await redis.xrange(keys.events(job_id))]


async def test_its_jobs_are_due_at_once_with_a_report(store: JobStore, redis: Redis) -> None:
    await store.submit("job_a", spec(), {"df": b"1"}, LIMIT)
    (first,) = await claimed(store)
    await redis.delete(keys.wake(store.queue))
    assert await lost(store) == 1
    back = await job(store)
    assert (back.state, back.attempt, back.version) == (JobState.QUEUED, 1, 3)
    assert await kinds(redis) == ["job.queued", "job.started", "job.retrying"]
    assert await redis.exists(keys.lease("job_a")) == 0
    assert await redis.llen(keys.wake(store.queue)) == 1  # type: ignore[misc]  # stub: sync or async
    (report,) = await store.reports("job_a")
    assert (report.attempt, report.outcome, report.error.code) == (1, "retried", "worker.lost")
    assert (report.worker, report.peak_memory_bytes) == ("w", 5)
    assert EVIDENCE in report.error.detail
    (second,) = await claimed(store, worker="v")
    assert second.job is not None
    assert second.job.attempt == 2
    assert not await store.finish(first, JobState.SUCCEEDED, Outcome(), result_ttl_s=1), "the late end is refused"
    assert await store.finish(second, JobState.SUCCEEDED, Outcome(), result_ttl_s=1)


async def test_again_changes_nothing(store: JobStore, redis: Redis) -> None:
    await store.submit("job_a", spec(), {}, LIMIT)
    await claimed(store)
    assert await lost(store, held=("job_a",)) == 1
    assert await lost(store, held=("job_a",)) == 0
    await claimed(store, worker="v")
    assert await lost(store, held=("job_a",)) == 0
    assert (await job(store)).version == 4
    assert len(await store.reports("job_a")) == 1


async def test_the_first_loss_of_a_job_is_free_and_the_last_is_told(store: JobStore) -> None:
    await store.submit("job_a", spec(max_attempts=2), {}, LIMIT)
    for attempt in (1, 2, 3):
        (claim,) = await claimed(store)
        assert claim.job is not None
        assert (claim.job.attempt, claim.exhausted) == (attempt, False)
        await lost(store)
    (last,) = await claimed(store)
    assert last.job is not None
    assert (last.job.attempt, last.exhausted, last.max_attempts) == (3, True, 3)
    assert last.evidence == EVIDENCE
    assert [report.attempt for report in await store.reports("job_a")] == [1, 2, 3]


async def test_a_refund_costs_no_try_and_casts_no_suspicion(store: JobStore, redis: Redis) -> None:
    await store.submit("job_a", spec(max_attempts=1), {}, LIMIT)
    for _ in range(3):
        (claim,) = await claimed(store)
        assert claim.job is not None
        assert (claim.job.attempt, claim.exhausted) == (1, False)
        assert await lost(store, refund=True) == 1
    assert (await job(store)).attempt == 0
    assert await store.reports("job_a") == ()
    assert await redis.hmget(keys.job("job_a"), ["lost", "free", "evidence"]) == [None] * 3  # type: ignore[misc]  # same


async def test_a_claim_that_was_only_to_end_the_job_has_no_try_to_give_back(store: JobStore) -> None:
    await store.submit("job_a", spec(max_attempts=1), {}, LIMIT)
    for _ in range(2):
        await claimed(store)
        await lost(store)
    assert (await claimed(store))[0].exhausted
    await lost(store, refund=True)
    (claim,) = await claimed(store)
    assert claim.job is not None
    assert (claim.job.attempt, claim.exhausted) == (2, True)


async def test_only_its_own_are_touched_however_many_pages(store: JobStore, redis: Redis) -> None:
    for number in range(40):
        await store.submit(f"job_{number:02}", spec(), {}, LIMIT)
    mine = {claim.id for claim in await claimed(store, 5)}
    others = await claimed(store, 10, worker="v")
    mine |= {claim.id for claim in await claimed(store, 5)}
    await store.submit("job_soon", spec(delay_s=5), {}, LIMIT)
    await store.submit("job_late", spec(delay_s=500), {}, LIMIT)
    before = dict(await redis.zrange(store.queue, 0, -1, withscores=True))
    assert await lost(store, page=3) == 10
    after = dict(await redis.zrange(store.queue, 0, -1, withscores=True))
    assert {name.decode() for name in before if before[name] != after[name]} == mine
    assert [(await job(store, claim.id)).state for claim in others] == [JobState.RUNNING] * 10
    assert {claim.id for claim in (await store.claim("u", 50, LEASE_MS)).taken} >= mine


async def test_pages_end_where_many_entries_have_one_score(store: JobStore, redis: Redis) -> None:
    await store.submit("job_a", spec(), {}, LIMIT)
    ((_, now),) = await redis.zrange(store.queue, 0, -1, withscores=True)
    await redis.zadd(store.queue, {f"delayed_{number:02}": now + 9_000 for number in range(20)})
    await claimed(store)
    assert await lost(store, page=3) == 1
    await redis.zremrangebyscore(store.queue, now + 8_000, "+inf")


async def test_a_name_that_starts_alike_is_another_worker(store: JobStore) -> None:
    await store.submit("job_a", spec(), {}, LIMIT)
    await claimed(store, worker="w2")
    assert await lost(store, worker="w", held=("job_a",)) == 0


@pytest.mark.parametrize("named", [True, False])
async def test_a_lease_that_has_ended_is_known_by_its_job(store: JobStore, redis: Redis, named: bool) -> None:
    await store.submit("job_a", spec(), {}, LIMIT)
    await claimed(store)
    await redis.delete(keys.lease("job_a"))  # an outage outlasted it
    assert await lost(store, held=("job_a",) if named else (), refund=True) == int(named)


async def test_a_job_that_has_ended_stays_ended(store: JobStore, redis: Redis) -> None:
    await store.submit("job_a", spec(), {}, LIMIT)
    (claim,) = await claimed(store)
    assert await store.finish(claim, JobState.SUCCEEDED, Outcome(), result_ttl_s=1)
    assert await lost(store, held=("job_a",)) == 0
    assert (await job(store)).state is JobState.SUCCEEDED
    assert await redis.zcard(store.queue) == 0


@pytest.mark.parametrize(("refund", "tries"), [(True, b"1"), (False, b"2")])
async def test_a_plain_call_goes_back_too(store: JobStore, redis: Redis, refund: bool, tries: bytes) -> None:
    await redis.enqueue_job("plain", _job_id="call", _queue_name=store.queue)
    await claimed(store)
    await redis.set(retry_key_prefix + "call", 2)
    assert await lost(store, refund=refund) == 1
    assert await redis.get(retry_key_prefix + "call") == tries
    assert [claim.id for claim in await claimed(store, worker="v")] == ["call"]
