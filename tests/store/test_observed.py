"""Counts, worker reports and requests in Redis, and what /readyz makes of them."""

import asyncio

import pytest

from config.sections import QuotaSettings
from jobs import health, metrics
from jobs.health import Observatory
from jobs.metrics import Counts, Metric, Series
from jobs.requests import Requests
from jobs.store import keys
from jobs.store import metrics as store_metrics
from jobs.store.jobs import JobStore
from jobs.store.metrics import Batch, WorkerReport, add, counted, look, tell
from jobs.store.redis import Redis
from jobs.store.requests import take
from jobs.transforms.catalogue import Catalogue
from tests.store.build import spec
from tests.store.conftest import QUEUE

REPORT = WorkerReport(slots=2, busy=0, threads=2, threads_busy=0, lease_ms=10_000)
OURS = Catalogue()


@pytest.fixture
def observatory(redis: Redis, monkeypatch: pytest.MonkeyPatch) -> Observatory:
    """An API's; fakeredis has no INFO to speak of."""
    found = Observatory(redis, QUEUE, OURS)

    async def info(sections: object) -> list[dict[str, object]]:
        return [{}, {"aof_enabled": 1}, {"used_memory": 95, "maxmemory": 100}]

    monkeypatch.setattr(found, "_info", info)
    return found


async def present(store: JobStore, name: str = "w", catalogue: Catalogue = OURS, *, said: bool = True) -> None:
    await store.renew(f"{name} {catalogue.fingerprint}", 10_000, [])
    if said:
        await tell(store.redis, name, Batch({}), REPORT, 0, (catalogue.fingerprint, b'{"head":"x","own":"y"}'))


async def earlier(redis: Redis, name: str, field: str, by_ms: int) -> None:
    """As if this had been so long ago."""
    at = int(await redis.hget(keys.worker_report(name), field))
    await redis.hset(keys.worker_report(name), field, at - by_ms)


async def test_a_batch_is_counted_once_however_often_it_is_sent(redis: Redis) -> None:
    batch = Batch({"a": 1, "b|x|sum": 0.5})
    for _ in range(3):
        await tell(redis, "w", batch, REPORT, 0, ("f", b"{}"))
    await tell(redis, "w", Batch({"a": 2}), REPORT, 0, ("f", b"{}"))
    await add(redis, {"a": 4})
    assert await counted(redis) == {"a": 7, "b|x|sum": 0.5}


async def test_a_loss_that_a_claim_finds_is_counted(redis: Redis, store: JobStore) -> None:
    await store.submit("a", spec(), {"df": b"a\n1"}, 10)
    await store.claim("w", 1, 30)
    for _ in range(200):
        if (await store.claim("v", 1, 10_000)).taken:
            break
        await asyncio.sleep(0.01)
    assert await counted(redis) == {metrics.ATTEMPTS_LOST.name: 1}


async def test_the_queue_is_seen_by_state(redis: Redis, store: JobStore) -> None:
    for name in "abc":
        await store.submit(name, spec(), {"df": b"a\n1"}, 10)
    await store.submit("d", spec(delay_s=100), {"df": b"a\n1"}, 10)
    await store.claim("w", 1, 10_000)
    await store.renew("w f", 10_000, [])
    await tell(
        redis, "w", Batch({}), WorkerReport(slots=2, busy=1, threads=2, threads_busy=1, lease_ms=9), 0, ("f", b"")
    )
    seen = await look(redis, QUEUE)
    assert (seen.due, seen.running, seen.waiting, seen.entries) == (2, 1, 1, 4)
    assert seen.oldest_due_s < 60


async def test_no_worker_is_a_warning(observatory: Observatory, store: JobStore) -> None:
    await store.submit("a", spec(), {"df": b"a\n1"}, 10)
    await store.submit("b", spec(delay_s=100), {"df": b"a\n1"}, 10)
    found = await observatory.health()
    assert (found.redis, found.problems, found.queued, found.waiting) == (None, (), 1, 1)
    assert "no worker is present" in found.warnings[0]
    assert "nearly full: 0 of 0 MiB" in found.warnings[1]


async def test_a_worker_that_is_well_is_no_problem(observatory: Observatory, store: JobStore) -> None:
    await present(store)
    found = await observatory.health()
    assert (found.workers, found.problems, len(found.warnings)) == (1, (), 1)


async def test_the_only_worker_hangs(observatory: Observatory, redis: Redis, store: JobStore) -> None:
    await present(store)
    await earlier(redis, "w", "at_ms", 11_000)
    (problem,) = (await observatory.health()).problems
    assert "worker 'w' hangs: nothing was heard for 11 s" in problem
    await present(store, "v")
    found = await observatory.health()
    assert found.problems == ()
    assert "worker 'w' hangs" in found.warnings[0]


async def test_a_worker_without_reports_is_not_said_to_hang(observatory: Observatory, store: JobStore) -> None:
    await present(store, said=False)
    assert (await observatory.health()).problems == ()


async def test_the_queue_does_not_move(observatory: Observatory, redis: Redis, store: JobStore) -> None:
    await store.submit("a", spec(), {"df": b"a\n1"}, 10)
    await redis.zincrby(QUEUE, -60_000, "a")
    await present(store)
    assert (await observatory.health()).problems == ()  # it has only just come
    await earlier(redis, "w", "idle_since_ms", 20_000)
    (problem,) = (await observatory.health()).problems
    assert "1 jobs are due, one of them for 60 s, and worker w has been idle for 20 s" in problem


async def test_workers_of_another_catalogue_are_told_apart(observatory: Observatory, store: JobStore) -> None:
    theirs = Catalogue({"head": OURS["head"]})
    await present(store, catalogue=theirs)
    (problem,) = (await observatory.health()).problems
    assert "the worker lacks" in problem
    assert "the API lacks 'own'" in problem
    assert "with other arguments 'head'" in problem
    await present(store, "v")
    assert (await observatory.health()).problems == ()


async def test_looks_at_the_same_time_are_one_and_a_redis_that_hangs_is_told_soon(
    observatory: Observatory, monkeypatch: pytest.MonkeyPatch
) -> None:
    looks, go_on = 0, asyncio.Event()
    real = store_metrics.look

    async def hanging(*args: object) -> object:
        nonlocal looks
        looks += 1
        await go_on.wait()
        return await real(*args)  # type: ignore[arg-type]

    monkeypatch.setattr(store_metrics, "look", hanging)
    monkeypatch.setattr(health, "_ANSWER_S", 0.05)
    first, second = await asyncio.gather(observatory.health(), observatory.health())
    assert (looks, first) == (1, second)
    assert first.redis is not None
    assert first.since_ms
    assert (await observatory.health()).since_ms == first.since_ms
    go_on.set()
    monkeypatch.setattr(health, "_ANSWER_S", 10)
    back = await observatory.health()
    assert (back.redis, back.since_ms) == (None, None)
    await observatory.close()


async def test_requests_of_a_tenant_are_taken_until_none_is_left(redis: Redis) -> None:
    taken = [await take(redis, "t", 6, 3) for _ in range(4)]
    assert [one.allowed for one in taken] == [True, True, True, False]
    assert [one.left for one in taken] == [2, 1, 0, 0]
    assert 8 < taken[3].next_s <= 10
    assert 28 < taken[3].whole_s <= 30
    assert (await take(redis, "u", 6, 3)).left == 2
    assert 0 < await redis.pttl(keys.tenant_requests("t")) <= 30_000


async def test_a_request_comes_back_after_its_interval(redis: Redis) -> None:
    assert (await take(redis, "t", 1200, 1)).allowed
    for _ in range(500):
        if (await take(redis, "t", 1200, 1)).allowed:
            return
        await asyncio.sleep(0.01)
    raise AssertionError("no request came back")


async def test_an_allowance_says_what_a_caller_reads(redis: Redis) -> None:
    requests = Requests(redis, QuotaSettings(requests_per_minute=2))
    said = [await requests.take("t") for _ in range(3)]
    assert [(one.allowed, one.left) for one in said if one] == [(True, 1), (True, 0), (False, 0)]
    assert said[2] is not None
    assert 29 <= said[2].retry_after_s <= 30


def test_a_histogram_is_read_as_it_was_counted() -> None:
    metric = Metric("m", "histogram", "", ("op",), (1.0, 2.0))
    counts = Counts()
    for value in (0.5, 1.0, 1.5, 9.0):
        counts.observe(metric, value, "head")
    fields = counts.take()
    assert metrics.read([metric], fields | {"other|x": 1.0, "m|too|many|labels": 1.0}) == {
        "m": [Series(("head",), 12.0, (2.0, 1.0, 1.0))]
    }
    assert counts.take() == {}
