"""The list's script, on both servers."""

import pytest

from jobs.model import Outcome
from jobs.state import JobState
from jobs.store import keys, listing
from jobs.store.jobs import JobStore
from jobs.store.listing import Filters, Listing, Page
from jobs.store.redis import Redis
from tests.store.build import spec

LIMIT = 10_000
INDEX = keys.tenant_jobs("t")


async def pages(redis: Redis, filters: Filters, limit: int) -> list[list[str]]:
    """The ids of every page."""
    found: list[list[str]] = []
    page = Page((), None)
    while not found or page.next is not None:
        page = await Listing(redis).page("t", filters, limit, page.next)
        found.append([job.id for job in page.jobs])
    return found


async def test_a_walk_gives_whole_jobs_once_each(store: JobStore, redis: Redis) -> None:
    jobs = [await store.submit(f"job_{n:02}", spec(labels={"n": str(n)}), {}, LIMIT) for n in range(12)]
    newest = sorted(jobs, key=lambda job: (job.created_ms, job.id), reverse=True)
    page = await Listing(redis).page("t", Filters(), 100)
    assert page == Page(tuple(newest), None)
    for limit in (1, 4, 12):
        found = await pages(redis, Filters(), limit)
        assert [one for ids in found for one in ids] == [job.id for job in newest]
        assert {len(ids) for ids in found} == {limit}


@pytest.mark.parametrize(
    ("filters", "wanted"),
    [
        (Filters(state=JobState.SUCCEEDED), {"a"}),
        (Filters(state=JobState.QUEUED), {"b", "c"}),
        (Filters(state=JobState.FAILED), set()),
        (Filters(labels=(("k", "1"),)), {"a", "b"}),
        (Filters(labels=(("k", "1"), ("l", "ü \x00"))), {"b"}),
        (Filters(labels=(("k", ""),)), set()),
        (Filters(group="grp_1"), {"a", "c"}),
        (Filters(group="grp_1", state=JobState.QUEUED), {"c"}),
        (Filters(group="grp_2"), set()),
    ],
)
async def test_filters(store: JobStore, redis: Redis, filters: Filters, wanted: set[str]) -> None:
    await store.submit("a", spec(labels={"k": "1"}, group="grp_1"), {}, LIMIT)
    (claim,) = (await store.claim("w", 1, 60_000)).taken
    await store.finish(claim, JobState.SUCCEEDED, Outcome(), result_ttl_s=100)
    await store.submit("b", spec(labels={"k": "1", "l": "ü \x00"}), {}, LIMIT)
    await store.submit("c", spec(group="grp_1"), {}, LIMIT)
    await store.submit("d", spec(tenant="another", labels={"k": "1"}, group="grp_1"), {}, LIMIT)
    for limit in (1, 10):
        found = [one for ids in await pages(redis, filters, limit) for one in ids]
        assert set(found) == wanted
        assert len(found) == len(wanted)


async def test_created_after_is_exclusive(store: JobStore, redis: Redis) -> None:
    job = await store.submit("a", spec(), {}, LIMIT)
    assert await pages(redis, Filters(after_ms=job.created_ms), 10) == [[]]
    assert await pages(redis, Filters(after_ms=job.created_ms - 1), 10) == [["a"]]


async def test_what_has_gone_leaves_the_index_on_the_way(store: JobStore, redis: Redis) -> None:
    for n in range(10):
        await store.submit(f"job_{n}", spec(), {}, LIMIT)
    await redis.zadd(INDEX, {f"gone_{n}": 10**13 + n for n in range(7)})
    assert len((await pages(redis, Filters(), 100))[0]) == 10
    assert await redis.zcard(INDEX) == 10


async def test_a_bound_on_what_is_looked_at(store: JobStore, redis: Redis, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(listing, "LOOK_A_CALL", 3)
    monkeypatch.setattr(listing, "LOOK_A_PAGE", 5)
    for n in range(10):
        await store.submit(f"job_{n}", spec(labels={"even": str(n % 2 == 0)}), {}, LIMIT)
    found = await pages(redis, Filters(labels=(("even", "True"),)), 10)
    assert len(found) == 3
    assert sum(map(len, found)) == 5
