"""Finding jobs: pages, filters and cursors."""

import asyncio
from collections.abc import AsyncIterator, Callable
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest

from config import Settings
from jobs.state import JobState
from jobs.store import keys, listing
from service.auth import new_key
from tests.http.live import Live, living


@pytest.fixture
async def live(settings: Callable[..., Settings], valkey: str) -> AsyncIterator[Live]:
    async with living(settings(redis={"url": valkey})) as found:
        yield found


async def walk(live: Live, query: str = "", **headers: str) -> list[list[str]]:
    """The ids of every page, by following the links."""
    pages, path = [], f"/v1/jobs{query}"
    while path:
        answer = await live.api.get(path, headers=headers)
        assert answer.status_code == 200, answer.text
        body = answer.json()
        assert body.keys() == {"jobs", "next_cursor"}
        pages.append([job["id"] for job in body["jobs"]])
        path = answer.links["next"]["url"] if "next" in answer.links else ""
        assert bool(path) == (body["next_cursor"] is not None)
    return pages


def flat(pages: list[list[str]]) -> list[str]:
    return [one for page in pages for one in page]


async def test_newest_first_in_pages_that_link(live: Live) -> None:
    """Contract: GET /v1/jobs: newest first, `limit`, `cursor`, `Link: rel=next`."""
    jobs = [await live.submit() for _ in range(7)]
    newest = [job.id for job in sorted(jobs, key=lambda job: (job.created_ms, job.id), reverse=True)]
    assert await walk(live) == [newest]
    assert await walk(live, "?limit=3") == [newest[:3], newest[3:6], newest[6:]]
    assert await walk(live, "?limit=7") == [newest]
    assert (await live.api.get("/v1/jobs")).json()["jobs"][0] == (await live.api.get(f"/v1/jobs/{newest[0]}")).json()


async def test_an_empty_list(live: Live) -> None:
    """Contract: list: `{"jobs": [], "next_cursor": null}`."""
    answer = await live.api.get("/v1/jobs")
    assert (answer.status_code, answer.json()) == (200, {"jobs": [], "next_cursor": None})
    assert "link" not in answer.headers


async def test_a_listed_job_is_the_job_itself(live: Live) -> None:
    job = await live.ended()
    (listed,) = (await live.api.get("/v1/jobs")).json()["jobs"]
    assert listed == (await live.api.get(f"/v1/jobs/{job.id}")).json()
    assert listed["result"]["preview"] == {"records": [{"a": 1}], "complete": True}


async def test_filters_and_the_link_that_keeps_them(live: Live) -> None:
    """Contract: GET /v1/jobs filters by `state`, `label.K=V`, `group`, `created_after`."""
    done = [await live.ended(labels={"team": "a b&c", "n": str(n)}, group="grp_1") for n in range(3)]
    await live.submit(labels={"team": "a b&c"})
    other = await live.submit(labels={"team": "x"}, group="grp_1")
    query = {"state": "succeeded", "label.team": "a b&c", "group": "grp_1", "limit": "2"}
    answer = await live.api.get("/v1/jobs", params=query)
    assert {job["id"] for job in answer.json()["jobs"]} < {job.id for job in done}
    sent = parse_qs(urlsplit(answer.links["next"]["url"]).query)
    assert sent == {name: [value] for name, value in query.items()} | {"cursor": [answer.json()["next_cursor"]]}
    assert len((await live.api.get(answer.links["next"]["url"])).json()["jobs"]) == 1
    both = await live.api.get("/v1/jobs", params={"label.team": "a b&c", "label.n": "1"})
    assert [job["id"] for job in both.json()["jobs"]] == [done[1].id]
    assert flat(await walk(live, "?group=grp_1&state=queued")) == [other.id]
    assert flat(await walk(live, "?group=grp_nothing")) == []
    assert flat(await walk(live, "?state=canceled")) == []


async def test_created_after_is_exclusive(live: Live) -> None:
    """Contract: `created_after` exclusive."""
    first = await live.submit()
    while (second := await live.submit()).created_ms == first.created_ms:
        pass
    shown = (await live.api.get(f"/v1/jobs/{first.id}")).json()["created_at"]
    found = flat(await walk(live, f"?created_after={shown}"))
    assert first.id not in found
    assert second.id in found
    for early in ("0001-01-01T00:00:00%2B14:00", "1969-12-31T23:59:59.999Z"):
        assert set(flat(await walk(live, f"?created_after={early}"))) >= {first.id, second.id}
    assert flat(await walk(live, "?created_after=9999-12-31T23:59:59-14:00")) == []
    for same in (shown.replace("Z", "+00:00"), shown.lower(), shown.replace("Z", "%2B00:00"), shown[:-1] + "9Z"):
        assert flat(await walk(live, f"?created_after={same}")) == found


@pytest.mark.parametrize(
    ("query", "pointer", "words"),
    [
        ("limit=201", "/limit", "200"),
        ("limit=0", "/limit", "200"),
        ("limit=-1", "/limit", "200"),
        ("limit=1.5", "/limit", "200"),
        ("limit=", "/limit", "200"),
        ("limit=%D9%A1", "/limit", "200"),
        ("state=runing", "/state", "did you mean 'running'"),
        ("state=", "/state", "'queued'"),
        ("state=queued&state=failed", "/state", "twice"),
        ("created_after=yesterday", "/created_after", "2026"),
        ("created_after=2026-11-22T08:00:00", "/created_after", "2026"),
        ("created_after=2026-13-22T08:00:00Z", "/created_after", "2026"),
        ("created_after=", "/created_after", "2026"),
        ("stat=queued", "/stat", "did you mean 'state'"),
        ("label.=x", "/label.", "label"),
        ("label=x", "/label", "label"),
    ],
)
async def test_a_query_that_cannot_be_is_422(live: Live, query: str, pointer: str, words: str) -> None:
    """Contract: `limit` over 200 is 422; unknown query parameters are 422."""
    answer = await live.api.get(f"/v1/jobs?{query}")
    problem = answer.json()
    assert (answer.status_code, problem["errors"][0]["pointer"]) == (422, pointer), problem
    assert words in problem["detail"]


async def test_no_more_labels_are_asked_for_than_a_job_may_have(live: Live) -> None:
    """Redis looks at each of them in each job, and does nothing else meanwhile: 5,000 took it 1.7 s a call."""
    most = 32
    for count, status in ((most, 200), (most + 1, 422)):
        answer = await live.api.get("/v1/jobs", params={f"label.{n}": "x" for n in range(count)})
        assert answer.status_code == status
    assert answer.json()["code"] == "limit.labels"


async def test_a_cursor_is_good_for_its_list_alone(settings: Callable[..., Settings], valkey: str) -> None:
    """Contract: a tampered cursor 400."""
    (one, first), (two, second) = new_key("default"), new_key("two")
    async with living(settings(redis={"url": valkey}, auth={"keys": [first, second]})) as live:
        for _ in range(3):
            await live.submit(labels={"a": "1"})
        mine, theirs = {"authorization": f"Bearer {one}"}, {"authorization": f"Bearer {two}"}
        cursor = (await live.api.get("/v1/jobs?limit=1&label.a=1", headers=mine)).json()["next_cursor"]
        assert (await live.api.get(f"/v1/jobs?limit=2&label.a=1&cursor={cursor}", headers=mine)).status_code == 200
        bent = cursor[:-1] + ("A" if cursor[-1] != "A" else "B")
        wrong = [
            (mine, f"label.a=1&cursor={bent}"),
            (mine, f"label.a=1&cursor={cursor}="),
            (mine, f"label.a=1&cursor={cursor[:-4]}"),
            (mine, "label.a=1&cursor="),
            (mine, "label.a=1&cursor=%FF%00"),
            (mine, f"label.a=2&cursor={cursor}"),
            (mine, f"cursor={cursor}"),
            (mine, f"label.a=1&state=queued&cursor={cursor}"),
            (theirs, f"label.a=1&cursor={cursor}"),
        ]
        for headers, query in wrong:
            answer = await live.api.get(f"/v1/jobs?{query}", headers=headers)
            assert (answer.status_code, answer.json()["code"]) == (400, "cursor.malformed"), query
        assert (await live.api.get("/v1/jobs", headers=theirs)).json()["jobs"] == []


async def test_nothing_twice_and_nothing_missing_while_others_come_and_end(live: Live) -> None:
    there = {(await live.submit(labels={"n": str(n)})).id for n in range(300)}
    stop = asyncio.Event()

    async def churn() -> None:
        while not stop.is_set():
            await live.submit()
            for claim in await live.claim(1):
                await live.end(claim, JobState.SUCCEEDED)

    churning = [asyncio.create_task(churn()) for _ in range(3)]
    try:
        for limit in (1, 7, 50):
            seen = flat(await walk(live, f"?limit={limit}"))
            assert len(seen) == len(set(seen))
            assert there <= set(seen)
    finally:
        stop.set()
        await asyncio.gather(*churning)


async def test_many_jobs_of_one_millisecond_and_a_cursor_whose_job_has_gone(live: Live) -> None:
    job = await live.submit()
    await live.redis.delete(keys.tenant_jobs("default"))
    ids = [f"job_{n:03}" for n in range(250)]
    for name in ids:
        await live.redis.copy(keys.job(job.id), keys.job(name))
    await live.redis.zadd(keys.tenant_jobs("default"), dict.fromkeys(ids, job.created_ms))
    assert flat(await walk(live, "?limit=40")) == ids[::-1]
    page = (await live.api.get("/v1/jobs?limit=100")).json()
    await live.redis.delete(*map(keys.job, ids[140:160]))
    await live.redis.zrem(keys.tenant_jobs("default"), *ids[145:160])
    rest = await walk(live, f"?limit=100&cursor={page['next_cursor']}")
    assert flat(rest) == ids[139::-1]
    # those whose record was gone have left the index on the way
    assert await live.redis.zcard(keys.tenant_jobs("default")) == 230


async def test_a_page_is_bounded_in_bytes_and_in_what_it_looks_at(live: Live, monkeypatch: pytest.MonkeyPatch) -> None:
    wide = [{"op": "head", "n": 1, "note": "x" * 10_000}]
    big = [(await live.submit(pipeline=wide)).id for _ in range(5)]
    rare = await live.submit(labels={"rare": "1"})
    for _ in range(20):
        await live.submit()
    monkeypatch.setattr(listing, "PAGE_BYTES", 25_000)
    pages = await walk(live)
    assert set(big) <= set(flat(pages))
    assert max(sum(one in big for one in page) for page in pages) <= 3
    monkeypatch.setattr(listing, "PAGE_BYTES", 1)
    assert [len(page) for page in await walk(live)] == [1] * 26
    monkeypatch.setattr(listing, "PAGE_BYTES", 4 * 1024**2)
    monkeypatch.setattr(listing, "LOOK_A_CALL", 2)
    monkeypatch.setattr(listing, "LOOK_A_PAGE", 6)
    pages = await walk(live, "?label.rare=1")
    assert flat(pages) == [rare.id]
    assert len(pages) == 5  # 26 jobs, six looked at for each; most pages are empty, and still lead on


async def test_thirty_thousand_jobs_are_walked_in_bounded_calls(live: Live) -> None:
    job, index = await live.submit(), keys.tenant_jobs("default")
    ids = {f"job_{n:06}": n for n in range(30_000)}
    async with live.redis.pipeline(transaction=False) as pipe:
        for name in ids:
            pipe.hset(keys.job(name), mapping={"state": "failed"})
        pipe.zadd(index, ids)
        await pipe.execute()
    first = (await live.api.get("/v1/jobs?state=queued&label.x=1")).json()
    assert first["jobs"] == []
    assert first["next_cursor"] is not None
    assert flat(await walk(live, "?state=queued")) == [job.id]
    await live.redis.config_resetstat()
    await live.api.get("/v1/jobs?state=canceled")
    stats: dict[str, Any] = await live.redis.info("commandstats")
    assert stats["cmdstat_evalsha"]["calls"] <= listing.LOOK_A_PAGE / listing.LOOK_A_CALL
