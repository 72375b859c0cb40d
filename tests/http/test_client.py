"""The Python client against a service that misbehaves, and what it sends."""

import io
import json
from typing import Any

import httpx
import pandas as pd
import pyarrow as pa
import pytest

from jobs.codecs.table import CODECS
from service.client import (
    AnswerUnreadable,
    Client,
    ColumnUnknown,
    ConnectionFailed,
    File,
    Frame,
    FrameRefused,
    JobNotReady,
    NotFound,
    ProblemError,
    ServiceUnavailable,
    WaitTimeout,
)
from service.client.bodies import Content, Multipart
from service.client.errors import error_of
from service.client.values import Problem
from service.formats import NAMES, FormatUnclear, named, of_file
from service.intake.multipart import PartBegin, boundary_of, events
from service.problems import STATUS

RUNNING = {"id": "job_1", "state": "running", "version": 2}
DONE = {"id": "job_1", "state": "succeeded", "version": 3}
ARROW = "application/vnd.apache.arrow.stream"


def client(handler, **options) -> Client:
    return Client("http://service", "fq_key", transport=httpx.MockTransport(handler), **options)


def answering(*answers: Any):
    """A service that gives these answers, one after the other, and the requests that it got."""
    left, got = list(answers), list[httpx.Request]()

    def handler(request: httpx.Request) -> httpx.Response:
        request.read()
        got.append(request)
        answer = left.pop(0)
        if isinstance(answer, Exception):
            raise answer
        return answer

    return handler, got


def ok(body: Any, status: int = 200, **headers: str) -> httpx.Response:
    return httpx.Response(status, json=body, headers={name.replace("_", "-"): value for name, value in headers.items()})


def problem(status: int, code: str, **headers: str) -> httpx.Response:
    return ok({"status": status, "code": code, "title": code, "detail": f"about {code}"}, status, **headers)


def arrow(frame: pd.DataFrame) -> httpx.Response:
    table, sink = pa.Table.from_pandas(frame, preserve_index=False), pa.BufferOutputStream()
    with pa.ipc.new_stream(sink, table.schema) as writer:
        writer.write_table(table)
    return httpx.Response(200, content=sink.getvalue().to_pybytes(), headers={"content-type": ARROW})


def source(data: bytes, format: str = "csv") -> File:
    return File(io.BytesIO(data), named(format).media_type, size=len(data))


def test_a_file_streams_with_its_length_its_key_and_its_pipeline():
    handler, (got) = answering(ok(RUNNING, 202))
    moved: list[int] = []
    with client(handler) as service:
        file = File(io.BytesIO(b"a\n1\n"), "text/csv", size=4, progress=moved.append)
        job = service.submit(file, [], labels={"a": "b&c"}, timeout_s=2.5)
    (request,) = got
    assert (job.id, job.state, job.version) == ("job_1", "running", 2)
    assert request.headers["Authorization"] == "Bearer fq_key"
    assert request.headers["Content-Type"] == "text/csv"
    assert request.headers["Content-Length"] == "4"
    assert "Transfer-Encoding" not in request.headers
    assert len(request.headers["Idempotency-Key"]) == 36
    assert dict(request.url.params) == {"pipeline": "[]", "label.a": "b&c", "timeout_s": "2.5"}
    assert request.content == b"a\n1\n"
    assert sum(moved) == 4


def test_a_file_of_unknown_size_goes_in_chunks():
    handler, got = answering(ok(RUNNING, 202))
    with client(handler) as service:
        service.submit(File(io.BytesIO(b"a\n"), "text/csv"))
    assert got[0].headers["Transfer-Encoding"] == "chunked"
    assert got[0].content == b"a\n"


def test_charset_and_encoding_and_dtypes_are_said():
    handler, got = answering(ok(RUNNING, 202))
    with client(handler) as service:
        service.submit(File(b"a\n", "csv", "gzip", "cp1252", {"a": "int64"}))
    assert got[0].headers["Content-Type"] == "text/csv; charset=cp1252"
    assert got[0].headers["Content-Encoding"] == "gzip"
    assert got[0].url.params["dtypes"] == '{"a":"int64"}'


def test_the_formats_offered_are_those_of_the_service():
    assert {(named(name).name, named(name).media_type) for name in NAMES} == {
        (codec.name, codec.media_types[0]) for codec in CODECS
    }


def test_several_inputs_are_one_envelope_with_parts(tmp_path):
    handler, got = answering(ok(RUNNING, 202))
    (tmp_path / "right.ndjson").write_bytes(b"{}\n")
    with client(handler) as service:
        upstream = service._job(RUNNING)
        inputs = {
            "left": pd.DataFrame({"a": [1]}),
            "right": tmp_path / "right.ndjson",
            "kept": Frame(id="frm_1"),
            "before": upstream,
            "few": [{"b": 2}],
        }
        service.submit(inputs, [{"op": "head", "from": "left"}], max_attempts=2)
    kind, _, boundary = got[0].headers["Content-Type"].partition("; boundary=")
    head, job, first, second, tail = got[0].content.split(f"--{boundary}".encode())
    assert (kind, head, tail) == ("multipart/form-data", b"", b"--\r\n")
    assert got[0].headers["Content-Length" if "Content-Length" in got[0].headers else "Transfer-Encoding"]
    assert json.loads(job.partition(b"\r\n\r\n")[2]) == {
        "pipeline": [{"op": "head", "from": "left"}],
        "max_attempts": 2,
        "inputs": {"kept": {"frame": "frm_1"}, "before": {"job": "job_1"}, "few": {"records": [{"b": 2}]}},
    }
    assert b'name="left"' in first
    assert ARROW.encode() in first
    assert b"application/x-ndjson" in second
    assert second.endswith(b"\r\n\r\n{}\n\r\n")


@pytest.mark.parametrize("name", ['a"b', "a\\b", "C:\\b", "é;", "x.csv.gz"])
async def test_the_service_reads_the_names_that_the_client_writes(name):
    body = Multipart({}, {name: Content(b"a\n1\n", "text/csv")})

    async def pieces():
        for piece in body.chunks():
            yield piece

    parts = [one async for one in events(pieces(), boundary_of(body.content_type)) if isinstance(one, PartBegin)]
    assert [part.name for part in parts] == ["job", name]
    assert "." not in parts[1].filename  # an ending would say what the content is


def test_a_name_that_would_break_its_header_is_not_sent():
    with pytest.raises(FrameRefused):
        list(Multipart({}, {"x\r\nX: y": Content(b"a", "text/csv")}).chunks())


def test_a_long_pipeline_does_not_go_into_the_url():
    handler, got = answering(ok(RUNNING, 202))
    steps = [{"op": "query", "expr": "a > 1"}] * 400
    with client(handler) as service:
        service.submit(pd.DataFrame({"a": [1]}), steps)
    assert "pipeline" not in got[0].url.params
    assert got[0].headers["Content-Type"].startswith("multipart/")


@pytest.mark.parametrize("pipeline", ["head", {"op": "head"}, ["head"]])
def test_a_pipeline_that_is_no_list_of_steps_is_not_sent(pipeline):
    handler, got = answering()
    with client(handler) as service, pytest.raises(TypeError, match="the pipeline is a list of steps"):
        service.run([{"a": 1}], pipeline)
    assert got == []


def test_run_is_one_request_where_the_job_ends_in_time():
    frame = pd.DataFrame({"a": [1, 2]})
    handler, got = answering(arrow(frame))
    with client(handler) as service:
        result = service.run(frame, [])
    pd.testing.assert_frame_equal(result, frame)
    assert got[0].headers["Prefer"] == "wait=25"
    assert got[0].headers["Accept"] == ARROW
    result.loc[0, "a"] = 5  # the caller's own, not a view of the answer


def test_run_polls_where_the_wait_runs_out():
    frame = pd.DataFrame({"a": [1]})
    handler, got = answering(ok(RUNNING, 202), ok(RUNNING), ok(DONE), arrow(frame))
    with client(handler) as service:
        pd.testing.assert_frame_equal(service.run(frame), frame)
    assert [request.url.path for request in got][1:] == ["/v1/jobs/job_1", "/v1/jobs/job_1", "/v1/jobs/job_1/result"]


def test_a_failed_job_raises_the_error_of_its_code():
    handler, _ = answering(problem(424, "transform.column_unknown", location="http://service/v1/jobs/job_9"))
    with client(handler) as service, pytest.raises(ColumnUnknown, match="about") as raised:
        service.run(pd.DataFrame({"a": [1]}), [])
    assert (raised.value.status, raised.value.job_id) == (424, "job_9")


@pytest.mark.parametrize("code", STATUS)
def test_every_code_has_a_family(code):
    error = error_of(Problem(code=code, detail="x", status=STATUS[code]))
    assert type(error) is not ProblemError
    assert (error.code, error.status, str(error)) == (code, STATUS[code], "x")


def test_an_unknown_code_is_still_a_problem():
    handler, _ = answering(problem(422, "brand.new"))
    with client(handler) as service, pytest.raises(ProblemError) as raised:
        service.job("job_1")
    assert (type(raised.value), raised.value.code) == (ProblemError, "brand.new")


def test_a_submit_whose_reply_was_lost_is_sent_again_under_the_same_key():
    handler, got = answering(httpx.ReadError("reset"), problem(503, "store.unavailable"), ok(RUNNING, 202))
    with client(handler) as service:
        service.submit(pd.DataFrame({"a": [1]}))
    assert len({request.headers["Idempotency-Key"] for request in got}) == 1
    assert len({request.content for request in got}) == 1
    assert len(got) == 3


def test_each_call_has_a_key_of_its_own_and_a_given_one_is_kept():
    handler, got = answering(*(ok(RUNNING, 202) for _ in range(3)))
    with client(handler) as service:
        service.submit([{"a": 1}])
        service.submit([{"a": 1}])
        service.submit([{"a": 1}], idempotency_key="mine")
    keys = [request.headers["Idempotency-Key"] for request in got]
    assert keys[0] != keys[1]
    assert keys[2] == "mine"


def test_a_body_that_cannot_be_read_again_is_not_sent_again():
    class Pipe(io.BytesIO):
        def seekable(self):
            return False

    handler, got = answering(httpx.ReadError("reset"), ok(RUNNING, 202))
    with client(handler) as service, pytest.raises(ConnectionFailed, match="reset"):
        service.submit(File(Pipe(b"a\n"), "text/csv"))
    assert len(got) == 1


def test_a_refusal_is_not_tried_again():
    handler, got = answering(problem(422, "pipeline.op_unknown"))
    with client(handler) as service, pytest.raises(ProblemError, match="op_unknown"):
        service.submit([{"a": 1}], [{"op": "x"}])
    assert len(got) == 1


def test_tries_end_with_the_last_error():
    handler, got = answering(*(problem(503, "store.full") for _ in range(3)))
    with client(handler, retries=2) as service, pytest.raises(ServiceUnavailable, match="about"):
        service.job("job_1")
    assert len(got) == 3


def test_no_try_begins_after_the_deadline():
    handler, got = answering(problem(503, "store.full", retry_after="60"))
    with client(handler, timeout=5) as service, pytest.raises(ServiceUnavailable) as raised:
        service.job("job_1")
    assert (len(got), raised.value.retry_after_s) == (1, 60)


@pytest.mark.parametrize("answer", [httpx.Response(200, text="<html>"), ok([1]), ok({"a": 1})])
def test_an_answer_of_something_else_is_not_taken_for_ours(answer):
    with client(lambda _: answer) as service, pytest.raises(AnswerUnreadable, match="not like framequeue"):
        service.submit([{"a": 1}])


def test_an_error_page_of_a_proxy_is_told_as_it_is():
    page = httpx.Response(403, text="forbidden by proxy")
    with client(lambda _: page) as service, pytest.raises(ProblemError, match="forbidden by proxy") as raised:
        service.job("job_1")
    assert raised.value.status == 403


def test_waiting_bears_a_service_that_restarts():
    answers = (httpx.ConnectError("refused"), httpx.Response(503, json={}), ok(DONE))
    handler, _ = answering(ok(RUNNING), *answers)
    seen: list[str] = []
    with client(handler, retries=0) as service:
        job = service.job("job_1").wait(on_change=lambda job: seen.append(job.state))
    assert (job.state, seen) == ("succeeded", ["succeeded"])


def test_waiting_for_changes_names_the_version_it_knows():
    """Contract: If-None-Match + wait waits for any change, 304 at the end of the wait."""
    changed = RUNNING | {"version": 3, "progress": {"step": 1, "steps": 2, "fraction": 0.5}}
    handler, got = answering(ok(RUNNING), httpx.Response(304), ok(changed), ok(DONE))
    seen: list[float] = []
    with client(handler) as service:
        service.job("job_1").wait(on_change=lambda job: seen.append(job.progress.fraction))
    assert [request.headers.get("If-None-Match") for request in got] == [None, '"2"', '"2"', '"3"']
    assert seen == [0.5, 0.0]


def test_waiting_ends_at_once_when_the_job_is_gone():
    handler, _ = answering(ok(RUNNING), problem(404, "not_found"))
    with client(handler) as service, pytest.raises(NotFound):
        service.job("job_1").wait()


def test_waiting_gives_up_at_the_time_it_was_given():
    with client(lambda _: ok(RUNNING)) as service, pytest.raises(WaitTimeout, match="job_1 is running") as raised:
        service.job("job_1").wait(0.1)
    assert raised.value.job.state == "running"
    assert isinstance(raised.value, TimeoutError)


def test_a_result_that_breaks_off_is_never_taken_for_whole():
    def broken():
        yield b"a\n"
        raise httpx.ReadError("connection reset")

    handler, _ = answering(ok(DONE), httpx.Response(200, content=broken()))
    with client(handler) as service, pytest.raises(ConnectionFailed, match="reset"):
        list(service.job("job_1").content("csv"))


def test_a_result_that_is_no_arrow_is_refused():
    handler, _ = answering(ok(DONE), httpx.Response(200, content=b"garbage", headers={"content-type": ARROW}))
    with client(handler) as service, pytest.raises(AnswerUnreadable, match="Arrow"):
        service.job("job_1").result()


def test_a_view_of_the_result_is_asked_for():
    frame = pd.DataFrame({"a,b": [1]})
    handler, got = answering(ok(DONE), arrow(frame))
    with client(handler) as service:
        service.job("job_1").result(columns=["a,b", "c"], offset=5, limit=2)
    assert got[1].url.params.multi_items() == [("columns", "a,b"), ("columns", "c"), ("offset", "5"), ("limit", "2")]


def test_not_ready_keeps_its_time():
    handler, _ = answering(problem(409, "job.not_ready", retry_after="1"))
    with client(handler) as service, pytest.raises(JobNotReady) as raised:
        service.frame_content("frm_1")
    assert raised.value.retry_after_s == 1


@pytest.mark.parametrize(
    ("frame", "hint"),
    [
        (pd.DataFrame({"a": [1, 2]}, index=["x", "y"]), "reset_index"),
        (pd.DataFrame({"a": [1, 2]}).rename_axis("n"), "reset_index"),
        ({"df": 5}, "it can be a DataFrame"),
        ([{"a": float("nan")}], "send tables as DataFrames"),
        (File(b"a"), "media_type"),
    ],
)
def test_what_would_not_arrive_is_not_sent(frame, hint):
    with client(lambda _: pytest.fail("nothing is to be sent")) as service, pytest.raises(FrameRefused, match=hint):
        service.submit(frame)


def test_a_pipeline_that_json_cannot_say_is_named_as_the_place():
    steps = [{"op": "head"}, {"op": "cut", "column": "a", "bins": [0, float("inf")]}]
    with (
        client(lambda _: pytest.fail("nothing is to be sent")) as service,
        pytest.raises(FrameRefused, match=r'^step 2 of the pipeline .*"inf"'),
    ):
        service.submit([{"a": 1}], steps)


@pytest.mark.parametrize("options", [{"timeout": 0}, {"retries": -1}, {"base_url": "service:80"}])
def test_a_client_that_cannot_be_is_refused(options):
    with pytest.raises(ValueError, match=r"timeout|base_url"):
        Client(**options)


@pytest.mark.parametrize(
    ("file", "expected"),
    [
        ("a.csv", ("csv", None)),
        ("a.CSV.GZ", ("csv", "gzip")),
        ("a.b.jsonl.zst", ("ndjson", "zstd")),
        ("x/a.arrow", ("arrow-file", None)),
        ("a.arrows", ("arrow", None)),
    ],
)
def test_a_name_tells_format_and_encoding(file, expected):
    form, encoding = of_file(file)
    assert (form.name, encoding) == expected


@pytest.mark.parametrize("file", ["a", "a.gz", ".csv", "a.doc", "a.txt", "a.docx", "a.htm"])
def test_a_name_that_tells_nothing_is_refused(file):
    with pytest.raises(FormatUnclear, match="does not tell a format"):
        of_file(file)
