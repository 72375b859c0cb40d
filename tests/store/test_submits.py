"""Accepting jobs: whole or not at all, once however often it is asked, and known in the lists of their tenant."""

import asyncio

import pytest

from jobs.errors import CountExceeded, FramequeueError, IdempotencyMismatch, InputGone, InputUnknown, QueueFull
from jobs.model import Column, Input, Outcome, PayloadRef, ResultInfo
from jobs.state import JobState
from jobs.store import keys
from jobs.store.claims import Claim
from jobs.store.frames import FrameStore
from jobs.store.jobs import JobStore
from jobs.store.records import as_payload
from jobs.store.redis import Redis
from jobs.store.repeats import Repeat, kept, repeat_of
from jobs.store.submits import NewJob, Terms, UpstreamMovedError
from tests.store.build import spec
from tests.store.test_blobs import write

TERMS = Terms(1_000)
AWAITED = PayloadRef(blob="", media_type="application/vnd.apache.arrow.stream", bytes=0)
INLINE = PayloadRef(blob="", media_type="text/csv", bytes=3)
COLUMNS = (Column(name="a", dtype="int64", nullable=False),)


def new(name: str, *blobs: str, at: str = "", **changes: object) -> NewJob:
    return NewJob(name, spec(*blobs, **changes), {"df": b"1"}, at=at)


def after(name: str, upstream: str, payload: PayloadRef = AWAITED, **changes: object) -> NewJob:
    """A job whose one input is the result of another."""
    inputs = {"df": Input(payload=payload, job=upstream)}
    return NewJob(name, spec(inputs=inputs, **changes), {}, at="/jobs/7")


def result(blob: str | None = None) -> ResultInfo:
    return ResultInfo(rows=2, columns=COLUMNS, bytes=3, sha256="ab", blob=blob)


async def claim(store: JobStore, job_id: str) -> Claim:
    (one,) = (await store.claim("w", 1, 10_000)).taken
    assert one.id == job_id
    return one


async def succeed(store: JobStore, job_id: str, *, blob: str | None = None, ttl_s: int = 100) -> None:
    data = b"" if blob else b"xyz"
    assert await store.finish(
        await claim(store, job_id), JobState.SUCCEEDED, Outcome(result=result(blob)), result=data, result_ttl_s=ttl_s
    )


async def everything(redis: Redis) -> dict[bytes, bytes]:
    return {key: await redis.dump(key) for key in await redis.keys("*")}


async def test_a_job_is_in_the_lists_of_its_tenant(store: JobStore, redis: Redis) -> None:
    (job,) = (await store.submits.submit([new("job_a", group="grp_1", labels={"team": "x"})], TERMS)).jobs
    await store.submits.submit([new("job_b", tenant="other")], TERMS)
    lists = [keys.tenant_jobs("t"), keys.tenant_live("t"), keys.tenant_group("t", "grp_1")]
    for one in lists:
        assert await redis.zrange(one, 0, -1, withscores=True) == [(b"job_a", job.created_ms)]
    fields = await redis.hmget(keys.job("job_a"), ["tenant", "group", "label:team"])  # type: ignore[misc]  # stub: sync or async
    assert fields == [b"t", b"grp_1", b"x"]
    await store.cancel(job)
    assert [await redis.zcard(one) for one in lists] == [1, 0, 1]


async def test_a_job_of_our_own_is_in_no_list(store: JobStore, redis: Redis) -> None:
    await store.submits.submit([new("job_a")], Terms(10, listed=False))
    assert await redis.keys(f"{keys.TENANT_PREFIX}*") == []


async def test_many_are_accepted_together(store: JobStore) -> None:
    accepted = await store.submits.submit([new(f"job_{n}", delay_s=60.0 * n) for n in range(3)], TERMS)
    assert [(job.id, job.state) for job in accepted.jobs] == [
        ("job_0", JobState.QUEUED),
        ("job_1", JobState.WAITING),
        ("job_2", JobState.WAITING),
    ]
    assert await store.submits.read(["job_0", "job_1", "job_x", "job_2"]) == accepted.jobs
    again = await store.submits.submit([new(f"job_{n}", delay_s=60.0 * n) for n in range(3)], TERMS)
    assert again == accepted


@pytest.mark.parametrize(
    ("last", "terms", "error"),
    [
        (new("job_c", "blb_gone", at="/jobs/2"), TERMS, InputGone),
        (after("job_c", "job_unknown"), TERMS, InputUnknown),
        (after("job_c", "job_theirs"), TERMS, InputUnknown),
        (after("job_c", "job_there"), Terms(1_000, dependents=0), CountExceeded),
        (new("job_c"), Terms(4), QueueFull),
        (
            NewJob("job_c", spec(inputs={"q": Input(payload=INLINE)}), {}, source="job_there", taken_over=("q",)),
            TERMS,
            InputGone,
        ),
        (NewJob("job_c", spec(), {}, source="job_gone", taken_over=("df",)), TERMS, InputGone),
        (NewJob("job_c", spec(), {}, frames=("frm_gone",)), TERMS, InputGone),
    ],
)
async def test_one_that_cannot_be_keeps_all_out(
    store: JobStore, redis: Redis, last: NewJob, terms: Terms, error: type[Exception]
) -> None:
    await store.submits.submit([new("job_there")], TERMS)
    await store.submits.submit([new("job_theirs", tenant="other")], TERMS)
    before = await everything(redis)
    blob = await write(redis, b"abc")
    with pytest.raises(error) as caught:
        await store.submits.submit([new("job_a"), new("job_b", blob), last], terms)
    if isinstance(caught.value, FramequeueError) and last.at and caught.value.places:
        assert all(place.pointer.startswith(last.at) for place in caught.value.places)
    await redis.delete(keys.blob(blob))
    assert await everything(redis) == before


async def test_fifty_equal_requests_at_once_make_one_job(store: JobStore, redis: Redis) -> None:
    """Contract: 50 equal requests at once make one job."""
    repeat = repeat_of("t", "order-1", "f1", 100)
    made = await asyncio.gather(
        *(store.submits.submit([new(f"job_{n}")], Terms(1_000, repeat=repeat)) for n in range(50))
    )
    assert len({one.jobs[0].id for one in made}) == 1
    assert sorted(one.replayed for one in made) == [False, *[True] * 49]
    assert await redis.zcard(store.queue) == 1
    assert await kept(redis, repeat) == (made[0].jobs[0].id,)
    assert 0 < await redis.pttl(repeat.key) <= 100_000


async def test_another_request_under_a_key_is_refused(store: JobStore, redis: Redis) -> None:
    first, other = repeat_of("t", "order-1", "f1", 100), repeat_of("t", "order-1", "f2", 100)
    await store.submits.submit([new("job_a")], Terms(10, repeat=first))
    with pytest.raises(IdempotencyMismatch):
        await store.submits.submit([new("job_b")], Terms(10, repeat=other))
    with pytest.raises(IdempotencyMismatch):
        await kept(redis, other)
    theirs = await store.submits.submit(
        [new("job_b", tenant="o")], Terms(10, repeat=repeat_of("o", "order-1", "f2", 9))
    )
    assert not theirs.replayed


async def test_a_key_is_kept_as_long_as_it_says_whatever_becomes_of_the_job(store: JobStore, redis: Redis) -> None:
    repeat = repeat_of("t", "order-1", "f1", 30 * 86_400)
    await store.submits.submit([new("job_a")], Terms(10, repeat=repeat))
    await succeed(store, "job_a")
    assert await redis.pttl(keys.job("job_a")) > 29 * 86_400_000
    again = await store.submits.submit([new("job_b")], Terms(10, repeat=repeat))
    assert (again.replayed, again.jobs[0].state) == (True, JobState.SUCCEEDED)
    assert await redis.hget(keys.job("job_a"), "idem") == repeat.key.encode()  # type: ignore[misc]  # stub: sync or async


async def test_a_frame_is_kept_once(redis: Redis) -> None:
    frames, repeat = FrameStore(redis, 900), repeat_of("t", "order-1", "f1", 100)

    async def add(repeat: Repeat) -> tuple[str, bool]:
        payload = PayloadRef(blob=await write(redis, b"abc"), media_type="text/csv", bytes=3)
        frame, replayed = await frames.add("t", payload, None, repeat)
        return frame.id, replayed

    made = await asyncio.gather(*(add(repeat) for _ in range(20)))
    assert (len({name for name, _ in made}), [replayed for _, replayed in made].count(False)) == (1, 1)
    with pytest.raises(IdempotencyMismatch):
        await add(repeat_of("t", "order-1", "f2", 100))
    frame = await frames.get(made[0][0])
    assert frame is not None
    await frames.delete(frame)
    anew, replayed = await add(repeat)
    assert (anew != frame.id, replayed) == (True, False)


@pytest.mark.parametrize("large", [False, True])
async def test_who_waits_is_given_the_result_and_freed(store: JobStore, redis: Redis, large: bool) -> None:
    await store.submits.submit([new("job_a")], TERMS)
    (job,) = (await store.submits.submit([after("job_b", "job_a")], TERMS)).jobs
    assert job.state is JobState.WAITING
    blob = await write(redis, b"xyz") if large else None
    await succeed(store, "job_a", blob=blob, ttl_s=100)
    freed = await store.get("job_b")
    assert freed is not None
    assert (freed.state, freed.version) == (JobState.QUEUED, 3)
    assert freed.spec.inputs["df"].payload == as_payload(result(blob))
    mine = await claim(store, "job_b")
    assert mine.job is not None
    assert mine.job.spec.inputs == freed.spec.inputs
    assert mine.inputs == ({} if large else {"df": b"xyz"})
    assert mine.weight > 0
    assert not await redis.exists(keys.dependents("job_a"))
    if blob:
        assert await redis.pttl(keys.blob(blob)) == -1
        # the first's own time is longer than that of the second
        await store.finish(mine, JobState.SUCCEEDED, Outcome(), result_ttl_s=1)
        assert 90_000 < await redis.pttl(keys.blob(blob)) <= 100_000


async def test_who_comes_after_the_end_is_given_the_result_at_once(store: JobStore, redis: Redis) -> None:
    await store.submits.submit([new("job_a")], TERMS)
    await succeed(store, "job_a")
    with pytest.raises(UpstreamMovedError):
        await store.submits.submit([new("job_x"), after("job_b", "job_a")], TERMS)
    (job,) = (await store.submits.submit([after("job_b", "job_a", as_payload(result()))], TERMS)).jobs
    assert job.state is JobState.QUEUED
    assert (await claim(store, "job_b")).inputs == {"df": b"xyz"}
    await redis.delete(keys.result("job_a"))
    with pytest.raises(InputGone) as caught:
        await store.submits.submit([after("job_c", "job_a", as_payload(result()))], TERMS)
    assert caught.value.places[0].pointer == "/jobs/7/inputs/df"


async def test_two_inputs_from_one_job_are_both_waited_for(store: JobStore) -> None:
    await store.submits.submit([new("job_a"), new("job_b")], TERMS)
    awaited = {
        name: Input(payload=AWAITED, job=job) for name, job in (("x", "job_a"), ("y z", "job_a"), ("w", "job_b"))
    }
    await store.submits.submit([NewJob("job_c", spec(inputs=awaited), {})], TERMS)
    await succeed(store, "job_a")
    half = await store.get("job_c")
    assert half is not None
    assert (half.state, [given.awaited for given in half.spec.inputs.values()]) == (
        JobState.WAITING,
        [False, False, True],
    )
    await succeed(store, "job_b")
    assert (await claim(store, "job_c")).inputs == {"x": b"xyz", "y z": b"xyz", "w": b"xyz"}


async def test_who_waits_for_one_that_fails_is_freed_to_fail(store: JobStore) -> None:
    await store.submits.submit([new("job_a"), new("job_b", delay_s=600)], TERMS)
    awaited = {name: Input(payload=AWAITED, job=f"job_{name}") for name in "ab"}
    await store.submits.submit([NewJob("job_c", spec(inputs=awaited, delay_s=600), {})], TERMS)
    await store.finish(await claim(store, "job_a"), JobState.FAILED, Outcome(), result_ttl_s=100)
    assert (await claim(store, "job_c")).upstream_failed == "job_a failed a"
    # and one that is asked for after it
    await store.submits.submit([after("job_d", "job_a", delay_s=600)], TERMS)
    assert (await claim(store, "job_d")).upstream_failed == "job_a failed df"


async def test_what_is_left_of_who_leaves_first(store: JobStore, redis: Redis) -> None:
    (first,) = (await store.submits.submit([new("job_a", delay_s=600)], TERMS)).jobs
    (second,) = (await store.submits.submit([after("job_b", "job_a")], TERMS)).jobs
    assert await redis.smembers(keys.dependents("job_a")) == {b"job_b df"}  # type: ignore[misc]  # stub: sync or async
    await store.cancel(second)
    assert not await redis.exists(keys.dependents("job_a"))
    await store.cancel(first)
    canceled = await store.get("job_b")
    assert canceled is not None
    assert canceled.state is JobState.CANCELED


async def test_the_dependents_of_a_job_are_bounded(store: JobStore) -> None:
    await store.submits.submit([new("job_a", delay_s=600)], TERMS)
    terms = Terms(1_000, dependents=2)
    with pytest.raises(CountExceeded, match=r"limits\.dependents"):
        await store.submits.submit([after(f"job_{n}", "job_a") for n in range(3)], terms)
    await store.submits.submit([after(f"job_{n}", "job_a") for n in range(2)], terms)
    with pytest.raises(CountExceeded):
        await store.submits.submit([after("job_2", "job_a")], terms)
