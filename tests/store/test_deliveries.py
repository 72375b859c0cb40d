"""The queue of deliveries: begun by the end of a job, leased by one worker, kept try by try."""

import pytest
import redis as sync_redis

from jobs.model import Outcome, Webhook
from jobs.state import JobState
from jobs.store import deliveries, keys
from jobs.store.deliveries import MOST_TRIES, Delivery, Try
from jobs.store.jobs import JobStore
from jobs.store.redis import Redis
from tests.store.build import spec

LEASE_MS = 60_000
EVENTS = ("job.succeeded", "job.failed", "job.canceled")


async def ended(store: JobStore, job_id: str = "job_a", events: tuple[str, ...] = EVENTS) -> None:
    """A job that has succeeded, with a webhook for these events."""
    webhook = Webhook(url="https://example.com/", events=events)
    await store.submit(job_id, spec(webhook=webhook), {"df": b"1"}, 100)
    (claim,) = (await store.claim("w", 1, 10_000)).taken
    assert await store.finish(claim, JobState.SUCCEEDED, Outcome(), result_ttl_s=100)


def a_try(delivery: Delivery, **changes: object) -> Try:
    made = Try(
        id="job_a:succeeded",
        event=delivery.event,
        url="https://example.com/",
        attempt=delivery.number,
        status=503,
        error="HTTP 503",
        at_ms=delivery.at_ms,
        next_ms=None,
    )
    return made.changed(**changes)


async def test_the_end_of_a_job_is_what_makes_a_delivery(store: JobStore, redis: Redis) -> None:
    webhook = Webhook(url="https://example.com/", events=EVENTS)
    await store.submit("job_a", spec(webhook=webhook), {"df": b"1"}, 100)
    assert (await deliveries.claim(redis, 10, LEASE_MS)).taken == ()
    (claim,) = (await store.claim("w", 1, 10_000)).taken
    assert (await deliveries.claim(redis, 10, LEASE_MS)).next_due_ms is None
    await store.finish(claim, JobState.SUCCEEDED, Outcome(), result_ttl_s=100)
    assert await store.finish(claim, JobState.SUCCEEDED, Outcome(), result_ttl_s=100), "sent again"
    (taken,) = (await deliveries.claim(redis, 10, LEASE_MS)).taken
    assert (taken.job_id, taken.event, taken.number) == ("job_a", "job.succeeded", 1)
    assert await deliveries.end(redis, taken, None, None)


@pytest.mark.parametrize("events", [("job.failed",), ("job.failed", "job.canceled")])
async def test_only_what_was_asked_for_is_told(
    store: JobStore, redis: Redis, client: "sync_redis.Redis", events: tuple[str, ...]
) -> None:
    await ended(store, events=events)
    assert client.exists(keys.DELIVERIES) == 0


async def test_without_a_webhook_nothing_is_told(store: JobStore, client: "sync_redis.Redis") -> None:
    await store.submit("job_a", spec(), {"df": b"1"}, 100)
    (claim,) = (await store.claim("w", 1, 10_000)).taken
    await store.finish(claim, JobState.SUCCEEDED, Outcome(), result_ttl_s=100)
    assert client.exists(keys.DELIVERIES) == 0


async def test_a_job_that_is_canceled_before_it_runs_is_told_too(store: JobStore, redis: Redis) -> None:
    webhook = Webhook(url="https://example.com/", events=EVENTS)
    job = await store.submit("job_a", spec(webhook=webhook), {"df": b"1"}, 100)
    await store.cancel(job)
    (taken,) = (await deliveries.claim(redis, 10, LEASE_MS)).taken
    assert taken.event == "job.canceled"
    await deliveries.end(redis, taken, None, None)


async def test_a_leased_delivery_is_nobody_elses_until_its_lease_ends(
    store: JobStore, redis: Redis, client: "sync_redis.Redis"
) -> None:
    await ended(store)
    (first,) = (await deliveries.claim(redis, 10, LEASE_MS)).taken
    again = await deliveries.claim(redis, 10, LEASE_MS)
    assert again.taken == ()
    assert again.next_due_ms == first.at_ms + LEASE_MS
    client.zadd(keys.DELIVERIES, {first.entry: 1})  # as if its lease had ended
    (second,) = (await deliveries.claim(redis, 10, LEASE_MS)).taken
    assert (second.entry, second.number) == (first.entry, 2)
    if second.lease == first.lease:  # within one millisecond: the clock has not moved, though a lease has "ended"
        client.zadd(keys.DELIVERIES, {first.entry: float(second.lease) + 1})
    assert not await deliveries.end(redis, first, a_try(first), None), "who comes late changes nothing"
    assert await deliveries.read(redis, "job_a") == ()
    client.delete(keys.DELIVERIES)


async def test_tries_are_kept_in_order_with_what_comes_next(store: JobStore, redis: Redis) -> None:
    await ended(store)
    (first,) = (await deliveries.claim(redis, 10, LEASE_MS)).taken
    made = a_try(first, next_ms=first.at_ms)
    assert await deliveries.end(redis, first, made, first.at_ms)
    (second,) = (await deliveries.claim(redis, 10, LEASE_MS)).taken
    done = a_try(second, status=204, error=None)
    assert second.number == 2
    assert await deliveries.end(redis, second, done, None)
    assert await deliveries.end(redis, second, done, None), "sent again, it answers as before"
    assert await deliveries.read(redis, "job_a") == (made, done)
    assert (await deliveries.claim(redis, 10, LEASE_MS)).next_due_ms is None


async def test_what_is_handed_back_is_due_and_not_counted(store: JobStore, redis: Redis) -> None:
    await ended(store)
    (first,) = (await deliveries.claim(redis, 10, LEASE_MS)).taken
    assert await deliveries.end(redis, first, None, first.at_ms)
    (again,) = (await deliveries.claim(redis, 10, LEASE_MS)).taken
    assert again.number == 1
    assert await deliveries.read(redis, "job_a") == ()
    await deliveries.end(redis, again, None, None)


async def test_a_delivery_of_a_deleted_job_is_dropped(
    store: JobStore, redis: Redis, client: "sync_redis.Redis"
) -> None:
    await ended(store, "job_a")
    await ended(store, "job_b")
    client.delete(keys.job("job_a"))
    (taken,) = (await deliveries.claim(redis, 10, LEASE_MS)).taken
    assert taken.job_id == "job_b"
    client.delete(keys.job("job_b"))  # in mid-delivery
    await deliveries.end(redis, taken, a_try(taken), taken.at_ms)
    assert client.exists(keys.DELIVERIES, keys.deliveries("job_a"), keys.deliveries("job_b")) == 0
    client.flushall()


async def test_no_more_are_taken_than_there_is_room_for(store: JobStore, redis: Redis) -> None:
    for number in range(5):
        await ended(store, f"job_{number}")
    taken = [(await deliveries.claim(redis, most, LEASE_MS)).taken for most in (0, 2, 10)]
    assert [len(one) for one in taken] == [0, 2, 3]
    assert len({one.entry for some in taken for one in some}) == 5
    for delivery in (*taken[1], *taken[2]):
        await deliveries.end(redis, delivery, None, None)


async def test_the_list_of_tries_is_bounded_and_lives_as_long_as_the_job(
    store: JobStore, redis: Redis, client: "sync_redis.Redis"
) -> None:
    await ended(store)
    for _ in range(MOST_TRIES + 3):
        (taken,) = (await deliveries.claim(redis, 1, LEASE_MS)).taken
        await deliveries.end(redis, taken, a_try(taken), 1)
    kept = await deliveries.read(redis, "job_a")
    assert [one.attempt for one in kept] == list(range(4, MOST_TRIES + 4))
    tries_ms, job_ms = (client.pttl(key) for key in (keys.deliveries("job_a"), keys.job("job_a")))
    assert abs(tries_ms - job_ms) < 60_000, "the same, but for the time between the two looks"


async def test_a_full_redis_still_takes_what_was_told(
    store: JobStore, redis: Redis, client: "sync_redis.Redis", request: pytest.FixtureRequest
) -> None:
    await ended(store)
    if "valkey" in request.node.name:  # fakeredis is never full
        client.config_set("maxmemory", "1")
    (taken,) = (await deliveries.claim(redis, 1, LEASE_MS)).taken
    assert await deliveries.end(redis, taken, a_try(taken, status=200, error=None), None)
    assert len(await deliveries.read(redis, "job_a")) == 1
