"""The answers to who has used up a quota, on the real queue."""

import asyncio
from collections.abc import Callable

from config import Settings
from jobs.model import Outcome, Problem
from jobs.state import JobState
from jobs.store import blobs, keys
from service.auth import new_key
from tests.http.conftest import serving
from tests.http.live import Live, living

BODY = {"pipeline": [], "inputs": {"df": {"records": [{"a": 1}]}}, "delay_s": 1000}


async def test_quotas_are_429_and_named(settings: Callable[..., Settings], valkey: str) -> None:
    """Contract: 429 + RateLimit: queued jobs, stored bytes and requests per tenant."""
    (key, one), (other, two) = new_key("one"), new_key("two")
    ours, theirs = {"authorization": f"Bearer {key}"}, {"authorization": f"Bearer {other}"}
    quotas = {"queued_jobs": 2, "stored_bytes": 25, "requests_per_minute": 6}
    async with serving(settings(redis={"url": valkey}, auth={"keys": [one, two]}, quotas=quotas), None) as api:
        first = await api.post("/v1/jobs", json=BODY, headers=ours)
        assert first.status_code == 202
        assert first.headers["ratelimit-policy"] == '"requests";q=6;w=60'
        assert first.headers["ratelimit"].startswith('"requests";r=5;t=')
        large = {**BODY, "inputs": {"df": {"records": [{"a": 1, "b": "xxxxxxxx"}]}}}
        stored = await api.post("/v1/jobs", json=large, headers=ours)
        assert (stored.status_code, stored.json()["code"]) == (429, "quota.stored_bytes")
        assert '"stored_bytes";q=25' in stored.headers["ratelimit-policy"]
        assert int(stored.headers["retry-after"]) >= 1
        assert (await api.post("/v1/jobs", json=BODY, headers=ours)).status_code == 202
        queued = await api.post("/v1/jobs", json=BODY, headers=ours)
        assert (queued.status_code, queued.json()["code"]) == (429, "quota.queued_jobs")
        assert '"queued_jobs";r=0' in queued.headers["ratelimit"]
        for _ in range(2):
            assert (await api.get("/v1/transforms/head", headers=ours)).status_code == 200
        refused = await api.get("/v1/transforms/head", headers=ours)
        assert (refused.status_code, refused.json()["code"]) == (429, "quota.requests")
        assert 1 <= int(refused.headers["retry-after"]) <= 10
        assert (await api.post("/v1/jobs", json=BODY, headers=theirs)).status_code == 202


async def read_by_a_worker(live: Live, *, small: bool = False) -> None:
    """Read the upload, and give it its decoded twin where it is not small."""
    claim = (await live.store.claim("w", 1, 60_000, wait_s=10)).taken[0]
    if small:
        await live.end(claim)
        return
    async with blobs.BlobWriter(live.redis, 900) as writer:
        await writer.write(b"arrow")
        await live.end(claim, blob=(await writer.finish()).id)


async def test_a_frame_beyond_the_quota_leaves_nothing(settings: Callable[..., Settings], valkey: str) -> None:
    async with living(settings(redis={"url": valkey}, quotas={"stored_bytes": 5})) as live:
        posting = live.api.post("/v1/frames", content=b"a\n123\n", headers={"content-type": "text/csv"})
        answer, _ = await asyncio.gather(posting, read_by_a_worker(live))
        assert (answer.status_code, answer.json()["code"]) == (429, "quota.stored_bytes")
        assert await live.redis.keys(f"{keys.BLOB_PREFIX}*") == []
        assert await live.redis.keys(f"{keys.JOB_PREFIX}*") == []


async def test_the_same_upload_twice_at_once_leaves_one(settings: Callable[..., Settings], valkey: str) -> None:
    headers = {"content-type": "text/csv", "idempotency-key": "once"}
    async with living(settings(redis={"url": valkey})) as live:
        posts = [live.api.post("/v1/frames", content=b"a\n123\n", headers=headers) for _ in range(2)]
        (one, two), *_ = await asyncio.gather(asyncio.gather(*posts), read_by_a_worker(live), read_by_a_worker(live))
        assert (one.status_code, one.json()["id"]) == (two.status_code, two.json()["id"])
        assert len(await live.redis.keys(f"{keys.BLOB_PREFIX}*")) == 2


async def test_reading_a_small_frame_leaves_no_job(settings: Callable[..., Settings], valkey: str) -> None:
    """They are of nobody's quota: each call for its content would leave one."""
    headers = {"content-type": "text/csv"}
    async with living(settings(redis={"url": valkey})) as live:
        posting = live.api.post("/v1/frames", content=b"a\n1\n", headers=headers)
        made, _ = await asyncio.gather(posting, read_by_a_worker(live, small=True))
        assert made.status_code == 201
        assert await live.redis.keys(f"{keys.JOB_PREFIX}*") == []
        assert len(await live.redis.keys(f"{keys.BLOB_PREFIX}*")) == 1


async def test_an_upload_that_cannot_be_read_leaves_nothing(settings: Callable[..., Settings], valkey: str) -> None:
    async def refuse(live: Live) -> None:
        claim = (await live.store.claim("w", 1, 60_000, wait_s=10)).taken[0]
        problem = Problem(code="job.timeout", title="t", detail="too slow", retryable=False)
        await live.store.finish(claim, JobState.FAILED, Outcome(error=problem), result_ttl_s=100)

    async with living(settings(redis={"url": valkey})) as live:
        posting = live.api.post("/v1/frames", content=b"a\n1\n", headers={"content-type": "text/csv"})
        answer, _ = await asyncio.gather(posting, refuse(live))
        assert (answer.status_code, answer.json()["code"]) == (424, "job.timeout")
        assert await live.redis.keys(f"{keys.JOB_PREFIX}*") == []
        assert await live.redis.keys(f"{keys.BLOB_PREFIX}*") == []
