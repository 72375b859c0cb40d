"""Every error is a problem: the map, the shape, the page, and what no caller may see."""

import asyncio
import logging
from collections.abc import Callable
from pathlib import Path

import httpx
import pytest

from config import Settings
from jobs.errors import FramequeueError, InternalError, SpecInvalid
from jobs.model import Place
from service.edge import trace_id_of
from service.errors_doc import WHEN, render
from service.problems import STATUS, error_classes, problem_body, problem_of
from tests.http.conftest import serving
from tests.http.fake import FakeQueue

ROOT = Path(__file__).parents[2]
TRACE = "4bf92f3577b34da6a3ce929d0e0e4736"
REQUIRED = {"type", "title", "status", "code", "detail", "instance", "retryable", "trace_id"}


def test_every_error_has_a_status_and_every_status_an_error() -> None:
    codes = {error.code for error in error_classes() if error.__module__.startswith(("jobs.errors", "service.errors"))}
    assert codes == STATUS.keys() == WHEN.keys()


def test_the_page_of_errors_is_what_the_code_says() -> None:
    assert (ROOT / "docs" / "errors.md").read_text() == render(), "run: python -m service.errors_doc > docs/errors.md"
    assert all(f"`{code}`" in render() for code in STATUS)


@pytest.mark.parametrize(
    ("method", "path", "status", "code"),
    [
        ("GET", "/v1", 404, "not_found"),
        ("GET", "/v1/jobs/", 404, "not_found"),
        ("GET", "/v1/%0d%0aset-cookie:%20a=b", 404, "not_found"),
        ("GET", "/v1/\u00fc\u2028", 404, "not_found"),
        ("PUT", "/v1/jobs", 405, "http.method_not_allowed"),
        ("POST", "/openapi.json", 405, "http.method_not_allowed"),
        ("PATCH", "/v1/frames/frm_1", 405, "http.method_not_allowed"),
        ("GET", "/v1/jobs/batch", 405, "http.method_not_allowed"),
        ("DELETE", "/v1/jobs/batch", 405, "http.method_not_allowed"),
    ],
)
async def test_unknown_paths_and_methods(
    api: httpx.AsyncClient, method: str, path: str, status: int, code: str
) -> None:
    answer = await api.request(method, path)
    problem = answer.json()
    assert (answer.status_code, problem["status"], problem["code"]) == (status, status, code)
    assert answer.headers["content-type"] == "application/problem+json"
    assert problem.keys() >= REQUIRED
    assert problem["type"] == f"/errors#{code}"
    assert problem["instance"].isascii()
    assert problem["instance"].isprintable()


async def test_allow_names_all_methods_of_the_path(api: httpx.AsyncClient) -> None:
    assert (await api.put("/v1/frames/frm_1")).headers["allow"] == "DELETE, GET"
    assert (await api.post("/v1/jobs/job_1/result")).headers["allow"] == "GET, HEAD"


async def test_a_fault_is_a_500_without_a_traceback(
    api: httpx.AsyncClient, queue: FakeQueue, caplog: pytest.LogCaptureFixture
) -> None:
    queue.fails = RuntimeError("secret of the house")
    with caplog.at_level(logging.ERROR):
        answer = await api.post(
            "/v1/jobs",
            json={"pipeline": [], "inputs": {"x": {"records": []}}},
            headers={"traceparent": f"00-{TRACE}-00f067aa0ba902b7-01"},
        )
    assert (answer.status_code, answer.json()["code"], answer.json()["trace_id"]) == (500, "internal", TRACE)
    assert "secret" not in answer.text
    assert TRACE in caplog.text
    assert "secret of the house" in caplog.text


async def test_the_callers_trace_goes_into_the_job(api: httpx.AsyncClient, queue: FakeQueue) -> None:
    body = {"pipeline": [], "inputs": {"x": {"records": []}}}
    answer = await api.post("/v1/jobs", json=body, headers={"traceparent": f"00-{TRACE}-00f067aa0ba902b7-01"})
    assert answer.json()["trace_id"] == TRACE == queue.jobs[answer.json()["id"]].spec.trace_id


@pytest.mark.parametrize(
    "sent",
    [
        b"",
        b"00-4BF92F3577B34DA6A3CE929D0E0E4736-00f067aa0ba902b7-01",
        b"00-00000000000000000000000000000000-00f067aa0ba902b7-01",
        b"00-4bf92f3577b34da6a3ce929d0e0e4736-0000000000000000-01",
        b"ff-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01",
        b"00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01-x",
        b"00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7",
        b"00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01\n",
    ],
)
def test_a_malformed_traceparent_is_not_repeated(sent: bytes) -> None:
    made = trace_id_of([(b"traceparent", sent)])
    assert made != TRACE
    assert len(made) == 32
    assert made != trace_id_of([(b"traceparent", sent)]), "a fresh one for each request"


def test_two_traceparents_are_none() -> None:
    good = (b"traceparent", f"00-{TRACE}-00f067aa0ba902b7-01".encode())
    assert trace_id_of([good]) == TRACE
    assert trace_id_of([good, good]) != TRACE


def test_what_a_caller_sent_is_repeated_in_part_only() -> None:
    problem = problem_of(SpecInvalid("x" * 10**6, "/" + "y" * 10**6))
    assert len(problem.detail) == len(problem.errors[0].detail) == len(problem.errors[0].pointer) == 4_000
    many = FramequeueError("x", [Place(pointer=f"/{n}", code="c", detail="d") for n in range(1_000)])
    assert len(problem_of(many).errors) == 100


def test_an_instance_is_escaped() -> None:
    problem = problem_of(InternalError("x"))
    body = problem_body(problem, status=500, instance="/a b\r\n\ud800ü?", trace_id="", public_url="https://x/")
    assert body.instance == "/a%20b%0D%0A%3F%C3%BC%3F"
    assert body.type == "https://x/errors#internal"


async def test_whoever_waits_while_the_process_stops_is_told(
    settings: Callable[..., Settings], queue: FakeQueue, monkeypatch: pytest.MonkeyPatch
) -> None:
    waiting = asyncio.Event()

    async def wait(*_: object) -> None:
        waiting.set()
        await asyncio.Event().wait()

    monkeypatch.setattr(queue, "wait", wait)
    async with serving(settings(), queue) as api:
        call = asyncio.create_task(api.get("/v1/jobs/job_1", headers={"prefer": "wait=9"}))
        await waiting.wait()
        call.cancel()  # as the server does to what outlasts its grace
        answer = await call
    assert (answer.status_code, answer.json()["code"], answer.headers["retry-after"]) == (503, "service.stopping", "1")
