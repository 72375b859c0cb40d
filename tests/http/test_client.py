"""The command line's HTTP client against a service that misbehaves."""

import io
import json

import httpx
import pytest

from jobs.codecs.table import CODECS
from service.cli.client import Client, Multipart, Refused, Source, Unreachable
from service.cli.formats import NAMES, FormatUnclear, named, of_file

RUNNING = {"id": "job_1", "state": "running"}
DONE = {"id": "job_1", "state": "succeeded"}


def client(handler) -> Client:
    return Client("http://service", "fq_key", transport=httpx.MockTransport(handler))


def source(name: str, data: bytes, format: str = "csv") -> Source:
    return Source(name, io.BytesIO(data), named(format), None, len(data))


def test_a_frame_streams_with_its_length_its_key_and_its_pipeline():
    def handler(request: httpx.Request) -> httpx.Response:
        assert request.headers["Authorization"] == "Bearer fq_key"
        assert request.headers["Content-Type"] == "text/csv"
        assert request.headers["Content-Length"] == "4"
        assert "Transfer-Encoding" not in request.headers
        assert dict(request.url.params) == {"pipeline": "[]", "label.a": "b&c"}
        assert request.read() == b"a\n1\n"
        return httpx.Response(202, json=RUNNING)

    moved: list[int] = []
    with client(handler) as service:
        assert service.submit_raw(source("df", b"a\n1\n"), "[]", {"label.a": "b&c"}, moved.append) == RUNNING
    assert sum(moved) == 4


def test_a_frame_of_unknown_size_goes_in_chunks():
    def handler(request: httpx.Request) -> httpx.Response:
        assert request.headers["Transfer-Encoding"] == "chunked"
        assert request.read() == b"a\n"
        return httpx.Response(202, json=RUNNING)

    with client(handler) as service:
        service.submit_raw(Source("df", io.BytesIO(b"a\n"), named("csv")), "[]", {})


def test_the_charset_is_in_the_content_type():
    def handler(request: httpx.Request) -> httpx.Response:
        assert request.headers["Content-Type"] == "text/csv; charset=cp1252"
        return httpx.Response(202, json=RUNNING)

    with client(handler) as service:
        service.submit_raw(Source("df", io.BytesIO(b"a\n"), named("csv"), charset="cp1252"), "[]", {})


def test_the_formats_offered_are_those_of_the_service():
    assert {(named(name).name, named(name).media_type) for name in NAMES} == {
        (codec.name, codec.media_types[0]) for codec in CODECS
    }


def test_parts_go_in_order_with_their_types():
    def handler(request: httpx.Request) -> httpx.Response:
        kind, _, boundary = request.headers["Content-Type"].partition("; boundary=")
        assert kind == "multipart/form-data"
        head, job, first, second, tail = request.read().split(f"--{boundary}".encode())
        assert (head, tail) == (b"", b"--\r\n")
        assert b'name="job"' in job
        assert json.loads(job.partition(b"\r\n\r\n")[2]) == {"pipeline": []}
        assert b'name="left"' in first
        assert b"text/csv" in first
        assert first.endswith(b"\r\n\r\na\n1\n\r\n")
        assert b"application/x-ndjson" in second
        return httpx.Response(202, json=RUNNING)

    with client(handler) as service:
        service.submit_parts(
            {"pipeline": []}, [source("left", b"a\n1\n"), source("right", b"{}\n", "ndjson")], Multipart()
        )


def test_a_problem_is_an_error_with_its_facts():
    problem = {"title": "Unknown op", "status": 422, "code": "pipeline.op_unknown", "detail": "no op 'x'"}
    with (
        client(lambda _: httpx.Response(422, json=problem)) as service,
        pytest.raises(Refused, match="no op 'x'") as refused,
    ):
        service.job("job_1")
    assert (refused.value.status, refused.value.problem) == (422, problem)


@pytest.mark.parametrize("answer", [httpx.Response(200, text="<html>"), httpx.Response(200, json=[1])])
def test_an_answer_of_something_else_is_not_taken_for_ours(answer):
    with client(lambda _: answer) as service, pytest.raises(Unreachable, match="not like framequeue"):
        service.job("job_1")


def test_an_error_page_of_a_proxy_is_told_as_it_is():
    with (
        client(lambda _: httpx.Response(502, text="bad gateway")) as service,
        pytest.raises(Refused, match="bad gateway"),
    ):
        service.job("job_1")


def test_waiting_bears_a_service_that_restarts():
    answers = iter([httpx.ConnectError("refused"), httpx.Response(503, json={}), httpx.Response(200, json=DONE)])

    def handler(_: httpx.Request) -> httpx.Response:
        answer = next(answers)
        if isinstance(answer, Exception):
            raise answer
        return answer

    seen: list[dict] = []
    with client(handler) as service:
        assert service.watch(RUNNING, seen.append, often=False) == DONE
    assert seen == [DONE]


def test_waiting_ends_at_once_when_the_job_is_gone():
    with (
        client(lambda _: httpx.Response(404, json={"detail": "no job"})) as service,
        pytest.raises(Refused, match="no job"),
    ):
        service.watch(RUNNING, lambda _: None, often=True)


def test_waiting_gives_up_at_the_time_it_was_given():
    with client(lambda _: httpx.Response(200, json=RUNNING)) as service:
        assert service.watch(RUNNING, lambda _: None, often=True, at_most_s=0.1) == RUNNING


def test_a_result_that_breaks_off_is_never_taken_for_whole():
    def broken():
        yield b"a\n"
        raise httpx.ReadError("connection reset")

    def read(service: Client) -> list[bytes]:
        with service.result("job_1", named("csv")) as response:
            return list(service.pieces(response))

    with client(lambda _: httpx.Response(200, content=broken())) as service, pytest.raises(Unreachable, match="reset"):
        read(service)


def test_a_refused_result_is_a_problem():
    failed = httpx.Response(424, json={"detail": "the job failed"})
    with client(lambda _: failed) as service, pytest.raises(Refused, match="the job failed"):
        service.result("job_1", named("csv")).__enter__()


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
