"""Requests that come many times at once, and batches with chains in them, at a service as people run it."""

import asyncio
import json
from collections.abc import Iterator

import httpx
import pytest

from tests.acceptance.test_stack import Up, up

JOBS = "/v1/jobs"
CSV = b"region,amount\n" + b"".join(b"%s,%d\n" % (b"NS"[n % 2 : n % 2 + 1], n) for n in range(20_000))
GROUPED = [{"op": "groupby", "by": ["region"], "agg": {"total": ["amount", "sum"]}}]
TOGETHER = 50


@pytest.fixture(scope="module")
def stack(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Up]:
    with up(tmp_path_factory.mktemp("stack")) as running:
        yield running


def client(stack: Up) -> httpx.AsyncClient:
    return httpx.AsyncClient(base_url=stack.url, timeout=60, limits=httpx.Limits(max_connections=TOGETHER))


@pytest.mark.parametrize("kind", ["envelope", "frame"])
async def test_fifty_equal_submits_at_once_make_one_job(stack: Up, kind: str) -> None:
    """Contract: 50 equal requests at once make one job."""
    headers = {"idempotency-key": f"fifty-{kind}"}
    request = {"json": {"pipeline": GROUPED, "inputs": {"x": {"records": [{"region": "N", "amount": 1}]}}}}
    if kind == "frame":
        headers |= {"content-type": "text/csv"}
        request = {"params": {"pipeline": json.dumps(GROUPED)}, "content": CSV}
    async with client(stack) as api:
        answers = await asyncio.gather(*(api.post(JOBS, headers=headers, **request) for _ in range(TOGETHER)))
        assert {answer.status_code for answer in answers} <= {200, 202}
        assert len({answer.json()["id"] for answer in answers}) == 1
        assert [answer.headers.get("idempotent-replayed") for answer in answers].count(None) == 1
        waited = await api.post(JOBS, headers=headers | {"prefer": "wait=30"}, **request)
        assert (waited.status_code, waited.json()["state"]) == (200, "succeeded")
        assert waited.headers["idempotent-replayed"] == "true"
        as_csv = headers | {"prefer": "wait=30", "accept": "text/csv"}
        itself = await api.post(JOBS, headers=as_csv, **request)
        assert (itself.status_code, itself.headers["content-type"]) == (200, "text/csv; charset=utf-8")
        assert itself.headers["idempotent-replayed"] == "true"
        other = await api.post(JOBS, headers=headers | {"content-type": "application/json"}, content=b"{}")
        assert (other.status_code, other.json()["code"]) == (422, "idempotency.mismatch")


async def test_fifty_equal_uploads_at_once_make_one_frame(stack: Up) -> None:
    """Contract: the Idempotency-Key works on every POST that creates: frames."""
    headers = {"idempotency-key": "fifty-frames", "content-type": "text/csv"}
    async with client(stack) as api:
        answers = await asyncio.gather(
            *(api.post("/v1/frames", headers=headers, content=CSV) for _ in range(TOGETHER // 5))
        )
        assert {answer.status_code for answer in answers} == {201}
        assert len({answer.json()["id"] for answer in answers}) == 1
        assert {answer.json()["rows"] for answer in answers} == {20_000}


async def test_a_batch_a_chain_on_it_and_a_rerun(stack: Up) -> None:
    """Contract: a job on the results of others waits for them, and a rerun repeats it."""
    spec = {"pipeline": GROUPED, "inputs": {"x": {"records": [{"region": "N", "amount": 1}]}}, "delay_s": 0.5}
    async with client(stack) as api:
        made = (await api.post(f"{JOBS}/batch", json={"jobs": [spec] * 100})).json()
        assert len({job["id"] for job in made["jobs"]}) == 100
        first, last = made["jobs"][0]["id"], made["jobs"][-1]["id"]
        chained = {
            "pipeline": [{"op": "concat", "from": "a", "frames": ["b"]}],
            "inputs": {"a": {"job": first, "dtypes": {"total": "float64"}}, "b": {"job": last}},
        }
        waiting = (await api.post(JOBS, json=chained)).json()
        assert waiting["state"] == "waiting"
        done = (await api.get(f"{JOBS}/{waiting['id']}", headers={"prefer": "wait=30"})).json()
        assert done["state"] == "succeeded", done
        assert done["result"]["preview"]["records"] == [{"region": "N", "total": 1.0}] * 2
        assert (done["inputs"]["a"]["rows"], done["inputs"]["a"]["column_count"]) == (1, 2)
        again = await api.post(f"{JOBS}/{done['id']}/rerun", headers={"prefer": "wait=30"})
        assert (again.status_code, again.json()["rerun_of"]) == (200, done["id"])
        assert again.json()["result"]["preview"] == done["result"]["preview"]
