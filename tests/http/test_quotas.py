"""The answers to who has used up a quota, on the real queue."""

from collections.abc import Callable

from config import Settings
from service.auth import new_key
from tests.http.conftest import serving

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
