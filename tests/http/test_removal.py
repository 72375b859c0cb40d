"""Deleting a job: it goes with all that is its own, and nothing of anybody else's does."""

from collections.abc import AsyncIterator, Callable

import pytest

from config import Settings
from jobs.model import Input, Outcome, PayloadRef
from jobs.state import JobState
from jobs.store import blobs, keys
from service.auth import new_key
from tests.http.live import Live, living

PATHS = ("", "/result", "/report", "/logs", "/events", "/events?after=")


@pytest.fixture
async def live(settings: Callable[..., Settings], valkey: str) -> AsyncIterator[Live]:
    async with living(settings(redis={"url": valkey})) as found:
        yield found


async def test_an_ended_job_is_purged(live: Live) -> None:
    """Contract: DELETE /v1/jobs/{id} answers 204, job and data purged; a deleted job is 404."""
    job = await live.ended(labels={"a": "1"}, group="grp_1")
    for path in PATHS:
        answer = await live.api.get(f"/v1/jobs/{job.id}{path}", headers={"accept": "*/*"})
        assert answer.status_code != 404, path
    answer = await live.api.delete(f"/v1/jobs/{job.id}")
    assert (answer.status_code, answer.content) == (204, b"")
    for path in PATHS:
        assert (await live.api.get(f"/v1/jobs/{job.id}{path}")).status_code == 404, path
    for call in (live.api.delete(f"/v1/jobs/{job.id}"), live.api.post(f"/v1/jobs/{job.id}/cancel")):
        assert (await call).status_code == 404
    for query in ("", "?group=grp_1", "?label.a=1"):
        assert (await live.api.get(f"/v1/jobs{query}")).json()["jobs"] == []
    assert [key for key in await live.redis.keys("*") if job.id.encode() in key or b"tenant" in key] == []


@pytest.mark.parametrize("state", ["waiting", "queued", "running"])
async def test_a_live_job_is_409(live: Live, state: str) -> None:
    """Contract: DELETE /v1/jobs/{id} answers 409 while live."""
    job = await live.submit(delay_s=60 if state == "waiting" else 0)
    if state == "running":
        await live.claim()
    answer = await live.api.delete(f"/v1/jobs/{job.id}")
    assert (answer.status_code, answer.json()["code"]) == (409, "job.live")
    assert int(answer.headers["retry-after"]) > 0
    assert (await live.api.get(f"/v1/jobs/{job.id}")).json()["state"] == state


async def test_another_tenants_job_is_unknown(settings: Callable[..., Settings], valkey: str) -> None:
    """Contract: another tenant's id answers exactly as an unknown one, to DELETE and events too."""
    key, entry = new_key("two")
    async with living(settings(redis={"url": valkey}, auth={"keys": [entry]})) as live:
        job = await live.ended()
        headers = {"authorization": f"Bearer {key}"}
        for method, path in (("DELETE", ""), ("GET", "/events"), ("GET", "/events?after=")):
            theirs = await live.api.request(method, f"/v1/jobs/{job.id}{path}", headers=headers)
            unknown = await live.api.request(method, f"/v1/jobs/{job.id[:-3]}zzz{path}", headers=headers)
            assert (theirs.status_code, theirs.json()["code"]) == (404, "not_found")
            assert unknown.status_code == 404
        assert await live.redis.exists(keys.job(job.id))


async def test_every_part_of_a_job_goes(live: Live) -> None:
    job = await live.ended()
    key = keys.job(job.id)
    for part in ("logs", "deliveries", "dependents", "reports"):
        await live.redis.rpush(f"{key}:{part}", "x")
    await live.redis.set("framequeue:idem:default:abc", f"fingerprint {job.id}")
    await live.redis.hset(key, "idem", "framequeue:idem:default:abc")
    assert (await live.api.delete(f"/v1/jobs/{job.id}")).status_code == 204
    left = await live.redis.keys("*")
    assert [one for one in left if job.id.encode() in one or b"idem" in one] == []


async def test_an_idempotency_key_that_made_another_job_since_stays(live: Live) -> None:
    job = await live.ended()
    await live.redis.hset(keys.job(job.id), "idem", "framequeue:idem:default:abc")
    await live.redis.set("framequeue:idem:default:abc", "fingerprint job_another")
    assert (await live.api.delete(f"/v1/jobs/{job.id}")).status_code == 204
    assert await live.redis.delete("framequeue:idem:default:abc") == 1


async def blob(live: Live) -> str:
    async with blobs.BlobWriter(live.redis, 900) as writer:
        await writer.write(b"a\n1\n")
        return (await writer.finish()).id


def reading(*names: str) -> dict[str, Input]:
    refs = [PayloadRef(blob=name, media_type="text/csv", bytes=4) for name in names]
    return {f"df{n}": Input(payload=ref) for n, ref in enumerate(refs)}


async def there(live: Live, name: str) -> bool:
    return bool(await live.redis.exists(keys.blob(name)))


async def test_the_blobs_of_its_own_go(live: Live) -> None:
    given, made = await blob(live), await blob(live)
    job = await live.submit(inputs=reading(given))
    (claim,) = await live.claim()
    await live.end(claim, blob=made)
    assert await there(live, given)
    assert await there(live, made)
    assert (await live.api.delete(f"/v1/jobs/{job.id}")).status_code == 204
    assert not await there(live, given)
    assert not await there(live, made)


async def test_a_blob_that_a_live_job_reads_stays(live: Live) -> None:
    given, made = await blob(live), await blob(live)
    first = await live.submit(inputs=reading(given))
    (claim,) = await live.claim()
    await live.end(claim, blob=made)
    # the second reads the input of the first, and its result
    second = await live.submit(inputs=reading(given, made))
    assert (await live.api.delete(f"/v1/jobs/{first.id}")).status_code == 204
    assert await there(live, given)
    assert await there(live, made)
    (claim,) = await live.claim()
    await live.end(claim)
    assert await there(live, made)
    assert (await live.api.delete(f"/v1/jobs/{second.id}")).status_code == 204
    assert not await there(live, given)
    assert not await there(live, made)


async def test_a_blob_that_an_ended_job_may_be_run_again_with_stays(live: Live) -> None:
    given = await blob(live)
    jobs = []
    for ttl_s in (1_000, 10):
        jobs.append(await live.submit(inputs=reading(given)))
        (claim,) = await live.claim()
        await live.store.finish(claim, JobState.FAILED, Outcome(), result_ttl_s=ttl_s)
    # the one that ends later keeps it for a shorter time: the longer one counts
    assert await live.redis.ttl(keys.blob(given)) > 900
    assert (await live.api.delete(f"/v1/jobs/{jobs[1].id}")).status_code == 204
    assert await there(live, given)
    assert (await live.api.delete(f"/v1/jobs/{jobs[0].id}")).status_code == 204
    assert not await there(live, given)


async def test_a_frames_blob_stays(live: Live) -> None:
    given = await blob(live)
    await live.redis.hset(keys.blob(given), "until", 4_000_000_000_000)
    job = await live.ended(inputs=reading(given))
    assert (await live.api.delete(f"/v1/jobs/{job.id}")).status_code == 204
    assert await there(live, given)


async def test_a_full_redis_can_be_emptied(live: Live) -> None:
    job = await live.ended()
    await live.redis.config_set("maxmemory", "1")
    assert (await live.api.delete(f"/v1/jobs/{job.id}")).status_code == 204
    await live.redis.config_set("maxmemory", "0")
