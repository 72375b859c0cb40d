"""Long polls: for the end of a job, and for any change of it."""

import asyncio
from collections.abc import AsyncIterator, Callable

import httpx
import pytest

from config import Settings
from jobs.model import Job
from tests.http.live import Live, living, until


@pytest.fixture
async def live(settings: Callable[..., Settings], valkey: str) -> AsyncIterator[Live]:
    async with living(settings(redis={"url": valkey})) as found:
        yield found


async def polling(live: Live, job: Job, **headers: str) -> "asyncio.Task[httpx.Response]":
    """A poll that waits already."""
    names = {name.replace("_", "-"): value for name, value in headers.items()}
    task = asyncio.create_task(live.api.get(f"/v1/jobs/{job.id}", headers=names))
    await until(lambda: live.queue._changes._watches.get(job.id))
    return task


async def test_any_change_ends_a_wait_with_a_tag(live: Live) -> None:
    """Contract: `If-None-Match` + wait waits for any change."""
    job = await live.submit()
    poll = await polling(live, job, prefer="wait=30", if_none_match='"1"')
    (claim,) = await live.claim()
    answer = await poll
    assert (answer.status_code, answer.json()["state"], answer.headers["etag"]) == (200, "running", '"2"')
    assert answer.headers["preference-applied"] == "wait=30"
    for expected in ('"3"', '"4"'):
        poll = await polling(live, job, prefer="wait=30", if_none_match=answer.headers["etag"])
        if expected == '"3"':
            await live.progress(claim, 1)
        else:
            await live.end(claim)
        answer = await poll
        assert (answer.status_code, answer.headers["etag"]) == (200, expected)
    assert answer.json()["state"] == "succeeded"


async def test_a_wait_with_a_tag_that_nothing_ends_is_304(live: Live) -> None:
    """Contract: 304 at the end of the wait; every Job answer carries `ETag`, those not terminal `Retry-After`."""
    job = await live.submit()
    answer = await live.api.get(f"/v1/jobs/{job.id}", headers={"prefer": "wait=1", "if-none-match": 'W/"1"'})
    assert (answer.status_code, answer.content) == (304, b"")
    assert (answer.headers["etag"], answer.headers["preference-applied"]) == ('"1"', "wait=1")
    assert int(answer.headers["retry-after"]) > 0
    changed = await live.api.get(f"/v1/jobs/{job.id}", headers={"prefer": "wait=30", "if-none-match": '"7"'})
    assert (changed.status_code, changed.headers["etag"]) == (200, '"1"')


async def test_a_wait_with_the_tag_of_an_ended_job_is_304_at_once(live: Live) -> None:
    job = await live.ended()
    etag = (await live.api.get(f"/v1/jobs/{job.id}")).headers["etag"]
    async with asyncio.timeout(10):
        answer = await live.api.get(f"/v1/jobs/{job.id}", headers={"prefer": "wait=50", "if-none-match": etag})
    assert (answer.status_code, answer.headers["etag"]) == (304, etag)
    assert "retry-after" not in answer.headers


async def test_the_wait_is_capped_and_echoed(live: Live) -> None:
    """Contract: `Prefer: wait=N` is capped at 50, echoed in `Preference-Applied`; `wait=abc` is ignored."""
    job = await live.ended()
    for sent, applied in (("wait=600", "wait=50"), ("wait=3", "wait=3"), ("wait=abc", None), ("respond-async", None)):
        answer = await live.api.get(f"/v1/jobs/{job.id}", headers={"prefer": sent})
        assert (answer.status_code, answer.headers.get("preference-applied")) == (200, applied)


async def test_many_waiters_for_one_job_share_their_look(live: Live) -> None:
    job = await live.submit()
    (claim,) = await live.claim()
    await live.redis.config_resetstat()
    polls = [await polling(live, job, prefer="wait=30") for _ in range(100)]
    async with asyncio.timeout(20):
        while await reads(live) < 100:
            await asyncio.sleep(0.01)
    await live.redis.config_resetstat()
    await live.end(claim)
    answers = await asyncio.gather(*polls)
    assert {answer.json()["state"] for answer in answers} == {"succeeded"}
    # one look of the waiters; the script of the end reads a record, too
    assert await reads(live) < 20


async def reads(live: Live) -> int:
    """Records that were read since the last reset."""
    stats: dict[str, dict[str, int]] = await live.redis.info("commandstats")
    return stats["cmdstat_hmget"]["calls"] if "cmdstat_hmget" in stats else 0
