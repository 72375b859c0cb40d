"""The inputs of a job over HTTP: the bytes that were sent, and how the job reads them."""

import gzip
import json
from urllib.parse import quote, unquote

import httpx
import pytest

from service.client import AsyncClient, Client
from tests.http.fake import FakeQueue

CSV = b"a,b\n1,x\n2,\xe4\n"


async def submitted(api: httpx.AsyncClient, data: bytes, headers: dict[str, str], **params: str) -> str:
    answer = await api.post("/v1/jobs", params={"pipeline": "[]", **params}, content=data, headers=headers)
    assert answer.status_code == 202, answer.text
    return str(answer.json()["id"])


async def test_an_input_is_given_back_as_it_was_sent(api: httpx.AsyncClient, queue: FakeQueue) -> None:
    """Contract: GET /v1/jobs/{id}/inputs/{name} gives the bytes as they were sent, and says how the job reads them."""
    said = {"content-type": "text/csv; charset=latin-1", "content-encoding": "gzip"}
    how = {"dtypes": '{"a": "float64"}', "on_row_error": "reject", "max_rejects": "7"}
    data = gzip.compress(CSV)
    job = await submitted(api, data, said, **how)
    answer = await api.get(f"/v1/jobs/{job}/inputs/df")
    assert (answer.status_code, answer.content) == (200, CSV)  # httpx has taken the encoding off
    headers = answer.headers
    assert headers["content-type"] == "text/csv; charset=latin-1"
    assert headers["content-encoding"] == "gzip"
    assert headers["content-length"] == str(len(data))
    assert json.loads(headers["framequeue-dtypes"]) == {"a": "float64"}
    assert (headers["framequeue-on-row-error"], headers["framequeue-max-rejects"]) == ("reject", "7")


async def test_an_inline_input_is_its_json(api: httpx.AsyncClient, queue: FakeQueue) -> None:
    records = [{"a": 1}, {"a": 2}]
    made = await api.post("/v1/jobs", json={"pipeline": [], "inputs": {"orders": {"records": records}}})
    answer = await api.get(f"/v1/jobs/{made.json()['id']}/inputs/orders")
    assert answer.json() == records
    assert answer.headers["content-type"] == "application/json; orient=records"
    assert answer.headers["framequeue-on-row-error"] == "fail"


@pytest.mark.parametrize("name", ["données", "日本/..", 'a "b"; c=d', "..", "%2F", "a b"])
async def test_an_input_of_any_name_is_given_back(name: str, api: httpx.AsyncClient, queue: FakeQueue) -> None:
    made = await api.post("/v1/jobs", json={"pipeline": [], "inputs": {name: {"records": [{"a": 1}]}}})
    answer = await api.get(f"/v1/jobs/{made.json()['id']}/inputs/{quote(name, safe='').replace('.', '%2E')}")
    assert (answer.status_code, answer.json()) == (200, [{"a": 1}])
    said = answer.headers["content-disposition"]
    assert said.startswith("attachment; ")
    assert (unquote(said.partition("UTF-8''")[2]) or said.split('"')[1]) == name


async def test_what_is_not_there_is_said(api: httpx.AsyncClient, queue: FakeQueue) -> None:
    """Contract: GET /v1/jobs/{id}/inputs/{name} is 410 once the input has expired, 404 for a name that is none."""
    job = await submitted(api, CSV, {"content-type": "text/csv; charset=latin-1"})
    other = await api.get(f"/v1/jobs/{job}/inputs/other")
    assert (other.status_code, other.json()["code"]) == (404, "not_found")
    assert (await api.get(f"/v1/jobs/job_{'x' * 24}/inputs/df")).status_code == 404
    assert (await api.get(f"/v1/jobs/{job}/inputs/df", params={"format": "csv"})).status_code == 422
    queue.blobs.clear()
    gone = await api.get(f"/v1/jobs/{job}/inputs/df")
    assert (gone.status_code, gone.json()["code"]) == (410, "input.gone")
    assert gone.json()["errors"][0]["pointer"] == "/inputs/df"


def answering(request: httpx.Request) -> httpx.Response:
    if "inputs" not in request.url.path:
        return httpx.Response(200, json={"id": "job_1", "state": "failed", "inputs": {}, "pipeline": []})
    headers = {"content-type": "application/json; orient=split", "framequeue-dtypes": '{"a": "Int64"}'}
    return httpx.Response(200, headers=headers, content=b"\x28\xb5\x2f\xfd packed")


async def test_both_clients_say_how_an_input_is_read() -> None:
    with Client("http://server", transport=httpx.MockTransport(answering)) as client:
        sent, pieces = client.job("job_1").input("orders")
        data = b"".join(pieces)
    async with AsyncClient("http://server", transport=httpx.MockTransport(answering)) as client:
        job = await client.job("job_1")
        again, parts = await job.input("orders")
        assert b"".join([piece async for piece in parts]) == data == b"\x28\xb5\x2f\xfd packed"
    assert sent == again
    assert (sent.media_type, sent.orient, sent.encoding) == ("application/json", "split", "zstd")
    assert (sent.dtypes, sent.on_row_error, sent.max_rejects) == ({"a": "Int64"}, "fail", 1000)
