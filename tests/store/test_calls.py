"""Plain ARQ calls in the store: what a claim brings, and ends that are fenced and leave ARQ's keys alone."""

import asyncio
import time
from typing import Any

from arq.constants import abort_jobs_ss, in_progress_key_prefix, job_key_prefix, result_key_prefix, retry_key_prefix
from arq.jobs import deserialize_job_raw
from redis.exceptions import NoScriptError

from jobs.store import keys
from jobs.store.calls import CallEnd, finish_calls
from jobs.store.claims import Claim
from jobs.store.jobs import JobStore
from jobs.store.redis import Redis
from jobs.store.together import Together
from tests.store.conftest import QUEUE

LEASE_MS = 10_000


async def claim_one(store: JobStore, worker: str = "w", **options: Any) -> Claim:
    (claim,) = (await store.claim(worker, 10, LEASE_MS, **options)).taken
    return claim


def end_of(claim: Claim, **changes: Any) -> CallEnd:
    assert claim.call is not None
    fields: dict[str, Any] = {"done": True, "score": claim.score, "result": b"r", "ttl_ms": 60_000, "counted": 1}
    return CallEnd(claim.id, claim.token, claim.call.tries, **fields | changes)


async def finish(store: JobStore, *ends: CallEnd) -> list[bool]:
    return await finish_calls(store.redis, store.queue, ends)


async def test_a_claim_brings_the_call_and_counts_the_try(redis: Redis, store: JobStore) -> None:
    await redis.enqueue_job("add", 2, b=3, _job_id="one", _queue_name=QUEUE)
    claim = await claim_one(store)
    assert claim.job is None
    assert claim.call is not None
    assert claim.call.data is not None
    assert deserialize_job_raw(claim.call.data, deserializer=redis.job_deserializer)[:3] == ("add", [2], {"b": 3})
    assert (claim.call.tries, claim.call.aborted_ms) == (1, None)
    assert await redis.get(retry_key_prefix + "one") == b"1"
    assert 88_000 < await redis.ttl(retry_key_prefix + "one") <= 88_400


async def test_an_expired_call_is_claimed_without_its_data(redis: Redis, store: JobStore) -> None:
    await redis.zadd(QUEUE, {"gone": 1})
    claim = await claim_one(store)
    assert claim.call is not None
    assert claim.call.data is None
    assert await finish(store, end_of(claim)) == [True]


async def test_an_abort_is_told_once_and_only_where_it_is_asked_for(redis: Redis, store: JobStore) -> None:
    await redis.enqueue_job("add", _job_id="one", _queue_name=QUEUE)
    await redis.zadd(abort_jobs_ss, {"one": 1234, "other": 99})
    first = await claim_one(store)
    assert first.call is not None
    assert first.call.aborted_ms is None
    await finish(store, end_of(first, done=False))
    await redis.zadd(abort_jobs_ss, {"one": 1234})
    second = await claim_one(store, aborts=True)
    assert second.call is not None
    assert (second.call.tries, second.call.aborted_ms) == (2, 1234)
    assert await redis.zscore(abort_jobs_ss, "one") is None


async def test_many_ends_in_one_call_leave_what_arq_leaves(redis: Redis, store: JobStore) -> None:
    for name in ("kept", "forever", "nothing"):
        await redis.enqueue_job("f", _job_id=name, _queue_name=QUEUE)
    await redis.zadd(abort_jobs_ss, {"kept": time.time() * 1000})
    claims = {claim.id: claim for claim in (await store.claim("w", 10, LEASE_MS)).taken}
    written = await finish(
        store,
        end_of(claims["kept"]),
        end_of(claims["forever"], ttl_ms=0),
        end_of(claims["nothing"], result=b""),
    )
    assert written == [True, True, True]
    left = set(await redis.keys("arq:*")) - {keys.wake(QUEUE).encode()}
    assert left == {f"{result_key_prefix}kept".encode(), f"{result_key_prefix}forever".encode()}
    assert 50_000 < await redis.pttl(result_key_prefix + "kept") <= 60_000
    assert await redis.pttl(result_key_prefix + "forever") == -1
    assert await redis.get(result_key_prefix + "kept") == b"r"
    await redis.delete(result_key_prefix + "forever")


async def test_the_end_of_a_lost_attempt_is_refused_beside_one_that_is_written(redis: Redis, store: JobStore) -> None:
    for name in ("lost", "held"):
        await redis.enqueue_job("f", _job_id=name, _queue_name=QUEUE)
    claims = {claim.id: claim for claim in (await store.claim("first", 10, LEASE_MS)).taken}
    await redis.delete(keys.lease("lost"))  # it ran out
    await redis.zadd(QUEUE, {"lost": 1})
    newer = await claim_one(store, "second")
    assert await finish(store, end_of(claims["lost"], result=b"old"), end_of(claims["held"])) == [False, True]
    assert await redis.get(result_key_prefix + "lost") is None
    assert await finish(store, end_of(newer, result=b"new")) == [True]
    assert await finish(store, end_of(claims["lost"], result=b"old")) == [False]
    assert await redis.get(result_key_prefix + "lost") == b"new"
    assert await redis.zcard(QUEUE) == 0


async def test_an_end_outlives_its_lease_where_nobody_else_has_tried(redis: Redis, store: JobStore) -> None:
    await redis.enqueue_job("f", _job_id="one", _queue_name=QUEUE)
    claim = await claim_one(store)
    await redis.delete(keys.lease("one"))
    assert await finish(store, end_of(claim)) == [True]
    assert await redis.get(result_key_prefix + "one") == b"r"


async def test_an_end_that_is_sent_again_is_not_refused(redis: Redis, store: JobStore) -> None:
    await redis.enqueue_job("f", _job_id="one", _queue_name=QUEUE)
    end = end_of(await claim_one(store))
    assert await finish(store, end) == [True]
    assert await finish(store, end) == [True]


async def test_a_call_goes_back_at_its_score_and_wakes_a_worker(redis: Redis, store: JobStore) -> None:
    await redis.enqueue_job("f", _job_id="one", _queue_name=QUEUE)
    claim = await claim_one(store)
    await redis.delete(keys.wake(QUEUE))
    assert await finish(store, end_of(claim, done=False, score=claim.score + 5)) == [True]
    assert await redis.zscore(QUEUE, "one") == claim.score + 5
    assert await redis.llen(keys.wake(QUEUE)) == 1  # type: ignore[misc]  # stub: sync or async
    assert await redis.exists(keys.lease("one"), result_key_prefix + "one") == 0
    assert await redis.exists(job_key_prefix + "one") == 1
    assert await redis.get(retry_key_prefix + "one") == b"1"


async def test_a_refunded_try_does_not_count(redis: Redis, store: JobStore) -> None:
    await redis.enqueue_job("f", _job_id="one", _queue_name=QUEUE)
    claim = await claim_one(store)
    assert await finish(store, end_of(claim, done=False, counted=0)) == [True]
    again = await claim_one(store)
    assert again.call is not None
    assert again.call.tries == 1


async def test_a_kept_lease_is_arq_s_and_a_call_that_goes_back_waits_for_it(redis: Redis, store: JobStore) -> None:
    for name in ("done", "back"):
        await redis.enqueue_job("f", _job_id=name, _queue_name=QUEUE)
    claims = {claim.id: claim for claim in (await store.claim("w", 10, LEASE_MS)).taken}
    ends = [end_of(claims["done"], keep_ms=5_000), end_of(claims["back"], done=False, keep_ms=5_000)]
    assert await finish(store, *ends) == [True, True]
    for name in ("done", "back"):
        assert await redis.get(in_progress_key_prefix + name) == b"1"
        assert 4_000 < await redis.pttl(in_progress_key_prefix + name) <= 5_000
    found = await store.claim("w", 10, LEASE_MS)
    assert found.taken == ()
    assert found.next_due_ms is not None
    assert 0 < found.next_due_ms - found.now_ms <= 5_000


async def test_aborts_nobody_heard_are_forgotten_after_a_day(redis: Redis, store: JobStore) -> None:
    await redis.enqueue_job("f", _job_id="one", _queue_name=QUEUE)
    now = time.time() * 1000
    await redis.zadd(abort_jobs_ss, {"old": now - 90_000_000, "new": now})
    await finish(store, end_of(await claim_one(store)))
    assert await redis.zrange(abort_jobs_ss, 0, -1) == [b"new"]
    await redis.delete(abort_jobs_ss)


async def test_two_calls_of_one_id_in_one_millisecond_are_two(redis: Redis) -> None:
    made = [await redis.enqueue_job("f", _job_id="same", _queue_name=QUEUE) for _ in range(20)]
    assert [job is not None for job in made] == [True, *[False] * 19]


async def test_commands_of_one_turn_are_answered_each(redis: Redis) -> None:
    together = Together(redis).as_client()
    answers = await asyncio.gather(
        together.execute_command("SET", "a", "1"),
        together.execute_command("EVALSHA", "0" * 40, 0),
        together.execute_command("GET", "a"),
        return_exceptions=True,
    )
    assert isinstance(answers[1], NoScriptError)
    assert [answers[0], answers[2]] in ([b"OK", b"1"], [True, b"1"])
    assert await together.execute_command("GET", "a") == b"1"
    await redis.delete("a")
