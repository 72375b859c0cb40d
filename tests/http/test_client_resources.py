"""What the Python client makes of lists, batches, events and the rest of the contract, in both of its forms."""

import asyncio
import gzip
import json
import subprocess
import sys
from collections.abc import AsyncIterator, Iterator
from datetime import UTC, datetime

import httpx
import pandas as pd
import pyarrow as pa
import pytest

from service.client import AnswerUnreadable, AsyncClient, AsyncJob, Client, File, Frame, Job, JobLive, NotFound, Spec
from tests.http.test_client import ARROW, DONE, RUNNING, answering, arrow, client, ok, problem


def asynchronous(handler, **options) -> AsyncClient:
    return AsyncClient("http://service", "fq_key", transport=httpx.MockTransport(handler), **options)


def event(number: int, kind: str, state: str) -> bytes:
    data = {"job_id": "job_1", "state": state, "version": number, "attempt": 1, "progress": None}
    whole = {"id": f"{number}-0", "type": kind, "timestamp": "2026-01-01T00:00:00Z", "data": data}
    return f"id: {number}-0\nevent: {kind}\ndata: {json.dumps(whole)}\n\n".encode()


def stream(*pieces: bytes, breaks: bool = False) -> httpx.Response:
    class Pieces(httpx.SyncByteStream, httpx.AsyncByteStream):
        def __iter__(self) -> Iterator[bytes]:
            yield from pieces
            if breaks:
                raise httpx.ReadError("reset")

        async def __aiter__(self) -> AsyncIterator[bytes]:
            for piece in self:
                yield piece

    return httpx.Response(200, stream=Pieces(), headers={"content-type": "text/event-stream"})


def test_a_list_follows_its_cursors():
    """Contract: {"jobs": [], "next_cursor": null}; state, label.K=V, group, created_after, limit, cursor."""
    handler, got = answering(
        ok({"jobs": [DONE, RUNNING], "next_cursor": "c1"}), ok({"jobs": [DONE], "next_cursor": None})
    )
    with client(handler) as service:
        since = datetime(2026, 1, 1, tzinfo=UTC)
        found = service.jobs(state="succeeded", labels={"team": "a b"}, group="grp_1", created_after=since, page=2)
        assert [job.state for job in found] == ["succeeded", "running", "succeeded"]
    asked = {
        "state": "succeeded",
        "group": "grp_1",
        "created_after": "2026-01-01T00:00:00+00:00",
        "limit": "2",
        "label.team": "a b",
    }
    assert [dict(request.url.params) for request in got] == [asked, asked | {"cursor": "c1"}]


def test_a_list_is_fetched_only_as_far_as_it_is_read():
    handler, got = answering(ok({"jobs": [DONE, RUNNING], "next_cursor": "c1"}))
    with client(handler) as service:
        assert next(service.jobs()).id == "job_1"
    assert len(got) == 1


def test_a_batch_uploads_each_table_once():
    """Contract: POST /v1/jobs/batch takes {"jobs": [spec]} and answers {"group", "jobs"}."""
    frame = pd.DataFrame({"a": [1]})
    handler, got = answering(ok({"id": "frm_1"}, 201), ok({"group": "grp_1", "jobs": [RUNNING, DONE]}, 202))
    with client(handler) as service:
        jobs = service.submit_batch([Spec(frame, [{"op": "head"}]), Spec({"x": frame}, [], {"labels": {"a": "b"}})])
    assert [job.state for job in jobs] == ["running", "succeeded"]
    assert [request.url.path for request in got] == ["/v1/frames", "/v1/jobs/batch"]
    assert json.loads(got[1].content)["jobs"] == [
        {"pipeline": [{"op": "head"}], "inputs": {"df": {"frame": "frm_1"}}},
        {"pipeline": [], "labels": {"a": "b"}, "inputs": {"x": {"frame": "frm_1"}}},
    ]


def test_a_batch_sent_again_under_its_key_names_the_same_frames():
    """Else its body would be another one, which the key refuses."""
    keys = []
    for _ in range(2):
        frames = [pd.DataFrame({"a": [n]}) for n in range(2)]
        answers = [ok({"id": "frm_1"}, 201), ok({"id": "frm_2"}, 201), ok({"group": "grp_1", "jobs": []}, 202)]
        handler, got = answering(*answers)
        with client(handler) as service:
            service.submit_batch([Spec(frame, []) for frame in frames], idempotency_key="mine")
        keys.append([request.headers["idempotency-key"] for request in got])
    assert keys[0] == keys[1]
    assert len(set(keys[0])) == 3
    assert keys[0][2] == "mine"


def test_a_submission_can_be_only_looked_at():
    """Contract: POST /v1/jobs?validate_only=true answers {"valid", "problems", "plan"}."""
    plan = {
        "steps": [{"op": "head", "columns": [{"name": "a", "dtype": "int64", "nullable": False}], "rows_estimate": 1}],
        "memory_estimate_bytes": 9,
    }
    handler, got = answering(ok({"valid": True, "problems": [], "plan": plan}))
    with client(handler) as service:
        found = service.validate(pd.DataFrame({"a": [1]}), [{"op": "head"}])
    assert got[0].url.params["validate_only"] == "true"
    assert found.valid
    assert found.plan is not None
    assert found.plan.steps[0].columns[0].dtype == "int64"
    assert found.plan.memory_estimate_bytes == 9


def test_what_a_job_can_be_told():
    """Contract: cancel, rerun, DELETE, rejects and deliveries of a job."""
    tries = [{"id": "d", "event": "job.failed", "url": "https://x", "attempt": 1, "status": 500, "error": None}]
    canceled, again = RUNNING | {"state": "canceled"}, RUNNING | {"id": "job_2", "rerun_of": "job_1"}
    frame = pd.DataFrame({"row": [3]})
    answers = (ok(canceled), ok(again, 202), arrow(frame), ok({"deliveries": tries}))
    handler, got = answering(ok(RUNNING), *answers, problem(409, "job.live"), httpx.Response(204))
    with client(handler) as service:
        job = service.job("job_1")
        assert job.cancel().state == "canceled"
        assert job.rerun().rerun_of == "job_1"
        pd.testing.assert_frame_equal(job.rejects(), frame)
        assert job.deliveries()[0].status == 500
        with pytest.raises(JobLive):
            job.delete()
        job.delete()
    lines = [f"{request.method} {request.url.path.removeprefix('/v1/jobs/job_1')}" for request in got[1:]]
    assert lines == ["POST /cancel", "POST /rerun", "GET /rejects", "GET /deliveries", "DELETE ", "DELETE "]
    assert got[2].headers["Idempotency-Key"]


def test_events_go_on_where_a_stream_broke():
    """Contract: SSE resumes by Last-Event-ID without gaps or repeats, and ends after the terminal event."""
    first = stream(event(1, "job.queued", "queued"), event(2, "job.started", "running"), breaks=True)
    last = stream(b": keepalive\n\n", event(3, "job.succeeded", "succeeded"), event(4, "never", "succeeded"))
    handler, got = answering(ok(RUNNING), first, httpx.ConnectError("restarting"), last)
    with client(handler) as service:
        seen = list(service.job("job_1").events())
    assert [one.type for one in seen] == ["job.queued", "job.started", "job.succeeded"]
    assert seen[-1].terminal
    assert [request.headers.get("Last-Event-ID") for request in got[1:]] == [None, "2-0", "2-0"]


def test_events_behind_the_end_are_none():
    """Contract: a reconnect after the terminal event gets 204."""
    handler, got = answering(ok(DONE), httpx.Response(204))
    with client(handler) as service:
        assert list(service.job("job_1").events(after="9-0")) == []
    assert got[1].headers["Last-Event-ID"] == "9-0"


def test_something_else_is_no_event_stream():
    handler, _ = answering(ok(RUNNING), ok({"a": 1}))
    with client(handler) as service, pytest.raises(AnswerUnreadable, match="event stream"):
        list(service.job("job_1").events())


def test_logs_and_reports_are_values():
    line = {"at": "2026-01-01T00:00:00Z", "attempt": 1, "step": 2, "level": "info", "message": "hi", "source": "print"}
    attempts = [{"attempt": 1, "outcome": "failed", "error": {"code": "internal"}, "shape": [3, 2], "newer": True}]
    answers = (httpx.Response(200, content=json.dumps(line) + "\n"), ok({"job_id": "job_1", "attempts": attempts}))
    handler, _ = answering(ok(RUNNING), *answers)
    with client(handler) as service:
        job = service.job("job_1")
        assert [(one.message, one.step, one.at.year) for one in job.logs()] == [("hi", 2, 2026)]
        assert job.report()[0].shape == (3, 2)


def test_a_compressed_answer_is_read():
    handler, _ = answering(
        httpx.Response(200, content=gzip.compress(json.dumps(DONE).encode()), headers={"content-encoding": "gzip"})
    )
    with client(handler) as service:
        assert service.job("job_1").ended


def test_not_ready_is_an_answer():
    handler, got = answering(ok({"ready": False, "problems": ["Redis: gone"]}, 503))
    with client(handler) as service:
        assert service.ready().problems == ("Redis: gone",)
    assert len(got) == 1


def test_an_id_stays_in_its_place():
    handler, got = answering(problem(404, "not_found"))
    with client(handler) as service, pytest.raises(NotFound):
        service.job("../frames/x?y")
    assert got[0].url.raw_path == b"/v1/jobs/..%2Fframes%2Fx%3Fy"


async def test_the_asynchronous_client_does_the_same(tmp_path):
    frame = pd.DataFrame({"a": range(250_000)})
    answers = (ok(RUNNING, 202), ok(DONE), arrow(frame), ok({"id": "frm_1"}, 201), arrow(frame[:2]))
    handler, got = answering(httpx.ReadError("reset"), *answers)
    (tmp_path / "a.csv").write_bytes(b"a\n1\n")
    async with asynchronous(handler) as service:
        job = await service.submit(frame)
        await job.wait()
        pd.testing.assert_frame_equal(await job.result(), frame)
        kept = await service.upload(tmp_path / "a.csv")
        assert kept == Frame(id="frm_1")
        assert len(await service.run(kept)) == 2
    assert got[0].content == got[1].content
    assert got[4].content == b"a\n1\n"
    assert json.loads(got[5].content)["inputs"] == {"df": {"frame": "frm_1"}}


async def test_the_asynchronous_client_streams_events_and_lists():
    first = stream(event(1, "job.queued", "queued"), breaks=True)
    last = stream(event(2, "job.succeeded", "succeeded"))
    page = ok({"jobs": [DONE], "next_cursor": None})
    handler, _ = answering(ok(RUNNING), first, last, page, stream(event(1, "job.queued", "queued")))
    async with asynchronous(handler) as service:
        job = await service.job("job_1")
        assert [one.type async for one in job.events()] == ["job.queued", "job.succeeded"]
        assert [one.state async for one in service.jobs()] == ["succeeded"]
        async for one in job.events():
            assert one.type == "job.queued"
            break


async def test_many_calls_share_one_asynchronous_client():
    async def handler(request: httpx.Request) -> httpx.Response:
        await asyncio.sleep(0)
        return ok(RUNNING | {"id": request.url.path.rpartition("/")[2]})

    async with asynchronous(handler) as service:
        jobs = await asyncio.gather(*(service.job(f"job_{n}") for n in range(50)))
    assert [job.id for job in jobs] == [f"job_{n}" for n in range(50)]


def test_far_services_get_large_tables_compressed():
    frame = pd.DataFrame({"a": [1] * 500_000})
    handler, got = answering(ok(RUNNING, 202), ok(RUNNING, 202))
    for url in ("http://service", "http://127.0.0.1:1"):
        with Client(url, transport=httpx.MockTransport(handler)) as service:
            service.submit(frame)
    far, near = (len(request.content) for request in got)
    assert far * 10 < near
    assert [request.headers["Content-Type"] for request in got] == [ARROW, ARROW]


def test_categories_travel_without_rows():
    frame = pd.DataFrame({"a": pd.Categorical([], ["x", "y"]), "b": pd.Series([], dtype="str")})
    handler, got = answering(ok(RUNNING, 202))
    with client(handler) as service:
        service.submit(frame)
    sent = pa.ipc.open_stream(got[0].content).read_all()
    assert sent.column("a").chunk(0).dictionary.to_pylist() == ["x", "y"]
    assert sent.schema.types == [pa.dictionary(pa.int8(), pa.string()), pa.string()]


def test_a_file_can_have_a_short_name_of_its_format():
    assert File(b"", "parquet").content_type == "application/vnd.apache.parquet"


def test_both_clients_have_the_same_calls():
    def calls(of: type) -> set[str]:
        return {name for name in dir(of) if not name.startswith("_")} - {"close", "aclose"}

    assert calls(Client) == calls(AsyncClient)
    assert calls(Job) == calls(AsyncJob)


def test_the_client_loads_no_frames_before_the_first() -> None:
    code = "import sys, service.client\n"
    code += "heavy = {'pandas', 'numpy', 'pyarrow', 'jobs', 'fastapi'} & set(sys.modules)\nassert not heavy, heavy"
    subprocess.run([sys.executable, "-c", code], check=True)
