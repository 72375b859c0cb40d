"""Results as HTTP has them: conditions, ranges, digests, pages, picked columns."""

import asyncio
import base64
import hashlib
import io
import re
from collections.abc import AsyncIterator, Callable
from xml.etree import ElementTree

import httpx
import pyarrow as pa
import pyarrow.csv
import pyarrow.parquet
import pytest

from config import Settings
from jobs.codecs import stored
from jobs.codecs.table import by_name
from jobs.errors import InputGone
from jobs.model import Job
from jobs.results import Results, StoredFrame, View
from tests.http.conftest import serving
from tests.http.fake import FakeQueue

TABLE = pa.table({"a": [1, 2, 3, 4, 5], "b,c": ["x", None, "ü", "<&>", '"'], "A": [1.5] * 5})
LARGE = pa.table({"a": range(400_000), "b": [f"text {n}" for n in range(400_000)]})
PLAIN = {"accept-encoding": "identity"}


def url(job: Job, query: str = "") -> str:
    return f"/v1/jobs/{job.id}/result{query}"


def digest(body: bytes) -> str:
    return f"sha-256=:{base64.b64encode(hashlib.sha256(body).digest()).decode()}:"


def in_blob(queue: FakeQueue, table: pa.Table, chunk_bytes: int = 100_000) -> Job:
    """A finished job whose result is a blob of many chunks."""
    job = queue.succeeded(table)
    data = queue.results.pop(job.id)
    assert job.outcome is not None
    assert job.outcome.result is not None
    queue.chunked["blb_x"] = [data[start : start + chunk_bytes] for start in range(0, len(data), chunk_bytes)]
    result = job.outcome.result.changed(blob="blb_x")
    job = queue.jobs[job.id] = job.changed(outcome=job.outcome.changed(result=result))
    return job


FORMATS = ["json", "ndjson", "csv", "parquet", "arrow", "arrow-file", "xlsx", "html"]


@pytest.mark.parametrize("name", FORMATS)
@pytest.mark.parametrize("encoding", ["identity", "gzip", "zstd"])
async def test_a_digest_and_a_range_of_every_format(
    api: httpx.AsyncClient, queue: FakeQueue, name: str, encoding: str
) -> None:
    """Contract: results have `ETag`, `Repr-Digest`, single `Range` + `If-Range`, in every format and encoding."""
    where = url(queue.succeeded(TABLE), f"?format={name}")
    headers = {"accept-encoding": encoding}
    async with api.stream("GET", where, headers=headers) as whole:
        body = b"".join([piece async for piece in whole.aiter_raw()])
    assert whole.headers["repr-digest"] == digest(body)
    assert whole.headers["accept-ranges"] == "bytes"
    assert int(whole.headers["content-length"]) == len(body)
    sent = {**headers, "range": "bytes=3-11", "if-range": whole.headers["etag"]}
    async with api.stream("GET", where, headers=sent) as part:
        piece = b"".join([piece async for piece in part.aiter_raw()])
    assert (part.status_code, piece) == (206, body[3:12])
    assert part.headers["content-range"] == f"bytes 3-11/{len(body)}"
    same = ("etag", "repr-digest", "vary", "content-type", "accept-ranges")
    assert {name: part.headers[name] for name in same} == {name: whole.headers[name] for name in same}
    head = await api.head(where, headers=headers)
    gone = {"date"}
    assert {k: v for k, v in head.headers.items() if k not in gone} == {
        k: v for k, v in whole.headers.items() if k not in gone
    }


@pytest.mark.parametrize(
    ("asked", "first", "last"),
    [
        ("bytes=0-0", 0, 0),
        ("bytes=5-", 5, -1),
        ("bytes=-4", -4, -1),
        ("bytes=-99999999999999999999999", 0, -1),
        ("bytes=2-99999999999999999999999", 2, -1),
        ("BYTES=1-2", 1, 2),
        ("bytes=1-2,", 1, 2),
        ("bytes= 1-2 ", 1, 2),
    ],
)
async def test_ranges_that_count(api: httpx.AsyncClient, queue: FakeQueue, asked: str, first: int, last: int) -> None:
    """Contract: a single Range is answered 206 with Content-Range."""
    where = url(queue.succeeded(TABLE), "?format=csv")
    body = (await api.get(where, headers=PLAIN)).content
    answer = await api.get(where, headers={**PLAIN, "range": asked})
    first, last = first % len(body), last % len(body)
    assert (answer.status_code, answer.content) == (206, body[first : last + 1])
    assert answer.headers["content-range"] == f"bytes {first}-{last}/{len(body)}"
    assert answer.headers["content-length"] == str(last + 1 - first)


@pytest.mark.parametrize(
    "headers",
    [
        {"range": "bytes=0-1,3-4"},
        {"range": "bytes=4-3"},
        {"range": "bytes=a-b"},
        {"range": "bytes=-"},
        {"range": "bytes="},
        {"range": "bytes"},
        {"range": "rows=0-1"},
        {"range": "bytes=1-2-3"},
        {"range": b"bytes=\xb2-\xb3"},
        {"range": "bytes=0-1", "if-range": '"other"'},
        {"range": "bytes=0-1", "if-range": "Wed, 21 Oct 2015 07:28:00 GMT"},
    ],
)
async def test_ranges_that_are_passed_over(
    api: httpx.AsyncClient, queue: FakeQueue, headers: dict[str, str | bytes]
) -> None:
    """Contract: several ranges, malformed ones and another If-Range give the whole."""
    where = url(queue.succeeded(TABLE), "?format=csv")
    whole = await api.get(where, headers=PLAIN)
    raw = {**PLAIN, **headers}
    sent = [(name.encode(), value if isinstance(value, bytes) else value.encode()) for name, value in raw.items()]
    answer = await api.get(where, headers=sent)
    assert (answer.status_code, answer.content) == (200, whole.content)
    assert "content-range" not in answer.headers


async def test_a_weak_tag_is_no_if_range(api: httpx.AsyncClient, queue: FakeQueue) -> None:
    """Contract: If-Range compares strongly."""
    where = url(queue.succeeded(TABLE))
    tag = (await api.get(where)).headers["etag"]
    sent = {"range": "bytes=0-1"}
    assert (await api.get(where, headers={**sent, "if-range": f"W/{tag}"})).status_code == 200
    assert (await api.get(where, headers={**sent, "if-range": tag})).status_code == 206
    assert (await api.head(where, headers=sent)).status_code == 200, "ranges are GET's alone"


async def test_a_range_behind_the_end(api: httpx.AsyncClient, queue: FakeQueue) -> None:
    """Contract: 416 range.not_satisfiable with Content-Range bytes */SIZE."""
    where = url(queue.succeeded(TABLE), "?format=csv")
    size = len((await api.get(where, headers=PLAIN)).content)
    for asked in (f"bytes={size}-", "bytes=-0", f"bytes={10**30}-"):
        answer = await api.get(where, headers={**PLAIN, "range": asked})
        assert (answer.status_code, answer.json()["code"]) == (416, "range.not_satisfiable")
        assert answer.headers["content-range"] == f"bytes */{size}"
    empty = url(queue.succeeded(TABLE.slice(0, 0)), "?format=ndjson")
    assert (await api.get(empty, headers={**PLAIN, "range": "bytes=0-"})).headers["content-range"] == "bytes */0"
    assert (await api.get(empty, headers={**PLAIN, "range": "bytes=-5"})).status_code == 200


async def test_conditions_in_their_order(api: httpx.AsyncClient, queue: FakeQueue) -> None:
    """Contract: strong ETag, If-None-Match 304 before Range, If-Match 412 before both."""
    where = url(queue.succeeded(TABLE))
    tag = (await api.get(where)).headers["etag"]
    both = {"if-none-match": tag, "range": "bytes=0-1"}
    not_modified = await api.get(where, headers=both)
    assert (not_modified.status_code, not_modified.content) == (304, b"")
    assert not_modified.headers["etag"] == tag
    assert "repr-digest" not in not_modified.headers
    for match in ('"other"', f"W/{tag}"):
        answer = await api.get(where, headers={**both, "if-match": match})
        assert (answer.status_code, answer.json()["code"]) == (412, "precondition.failed")
    for match in ("*", tag, f'"other", {tag}'):
        assert (await api.get(where, headers={"if-match": match, "range": "bytes=0-1"})).status_code == 206
    gone = await api.get(url(queue.succeeded(TABLE), "?columns=z"), headers={"if-none-match": "*"})
    assert gone.status_code == 422, "conditions count where the answer would be one"


async def test_a_submit_has_no_conditions(api: httpx.AsyncClient, queue: FakeQueue) -> None:
    """Contract: the frame of a submit that waits has the headers of the result, and is always whole."""
    queue.ends_with = queue.succeeded(TABLE)
    headers = {"accept": "text/csv", "prefer": "wait=5", "if-none-match": "*", "range": "bytes=0-1", **PLAIN}
    body = {"pipeline": [], "inputs": {"x": {"records": []}}}
    answer = await api.post("/v1/jobs", json=body, headers=headers)
    assert answer.status_code == 200
    assert answer.headers["repr-digest"] == digest(answer.content)
    result = await api.get(f"{answer.headers['location']}/result", headers={"accept": "text/csv", **PLAIN})
    for name in ("etag", "repr-digest", "accept-ranges", "vary", "content-type", "content-disposition"):
        assert answer.headers[name] == result.headers[name]


@pytest.mark.parametrize(("name", "encoding"), [("csv", "identity"), ("json", "gzip"), ("parquet", "identity")])
async def test_a_range_of_a_large_converted_result(
    api: httpx.AsyncClient, queue: FakeQueue, name: str, encoding: str
) -> None:
    """Contract: ranges of converted streams are bytes of the very same whole."""
    where, headers = url(in_blob(queue, LARGE), f"?format={name}"), {"accept-encoding": encoding}
    blind = await api.head(where, headers=headers)
    assert "repr-digest" not in blind.headers
    assert "content-length" not in blind.headers, "nobody has rendered it yet"
    sent = {**headers, "range": "bytes=2000000-2000099"}
    async with api.stream("GET", where, headers=sent) as part:
        piece = b"".join([piece async for piece in part.aiter_raw()])
    async with api.stream("GET", where, headers=headers) as whole:
        body = b"".join([piece async for piece in whole.aiter_raw()])
    assert (part.status_code, len(piece), piece) == (206, 100, body[2_000_000:2_000_100])
    assert part.headers["content-range"] == f"bytes 2000000-2000099/{len(body)}"
    assert part.headers["repr-digest"] == whole.headers["repr-digest"] == digest(body)
    head = await api.head(where, headers=headers)
    assert (head.headers["content-length"], head.headers["repr-digest"]) == (str(len(body)), digest(body))


async def test_the_digest_of_a_large_result_can_be_asked_for(api: httpx.AsyncClient, queue: FakeQueue) -> None:
    """Contract: Repr-Digest comes where it is wanted, even where all must be rendered for it."""
    where = url(in_blob(queue, LARGE), "?format=csv")
    blind = await api.head(where, headers={**PLAIN, "want-repr-digest": "sha-256=0, sha-512=5"})
    assert "repr-digest" not in blind.headers
    answer = await api.get(where, headers={**PLAIN, "want-repr-digest": "sha-512=1, sha-256=10"})
    assert answer.headers["repr-digest"] == digest(answer.content)
    assert pyarrow.csv.read_csv(io.BytesIO(answer.content)).num_rows == LARGE.num_rows


@pytest.mark.parametrize("chunk_bytes", [1_000, 100_000, 10**9])
async def test_what_is_stored_is_known_without_reading_it(
    api: httpx.AsyncClient, queue: FakeQueue, chunk_bytes: int
) -> None:
    """Contract: the stored form's digest and size come from the record, and ranges of it from its chunks."""
    job = in_blob(queue, LARGE, chunk_bytes)
    data = b"".join(queue.chunked["blb_x"])
    where = url(job, "?format=arrow")
    head = await api.head(where)
    assert (head.headers["repr-digest"], head.headers["content-length"]) == (digest(data), str(len(data)))
    assert (await api.get(where)).content == data
    for first, last in ((0, 9), (99_990, 100_010), (len(data) - 1, len(data) - 1), (100_000, 100_000)):
        answer = await api.get(where, headers={"range": f"bytes={first}-{last}"})
        assert (answer.status_code, answer.content) == (206, data[first : last + 1])
    queue.asked.clear()
    await api.get(where, headers={"range": "bytes=-10"})
    assert len(set(queue.asked)) <= 6, "a range of stored bytes reads its own chunks"


@pytest.mark.parametrize("name", ["arrow", "csv", "parquet", "ndjson"])
async def test_a_blob_that_vanishes_in_the_middle_breaks_the_answer(queue: FakeQueue, name: str) -> None:
    """Contract: never a truncated result presented as whole."""
    job = in_blob(queue, LARGE, 1_000)
    data, results = b"".join(queue.chunked["blb_x"]), Results(queue)  # type: ignore[arg-type]  # it has what is called
    for end in _ends_of_batches(data):
        # there Arrow would take the end of the bytes for the end of the table
        queue.chunked["blb_x"] = [data[start : min(start + 1_000, end)] for start in range(0, end, 1_000)]
        rendering = await results.of_job(job, View(codec=by_name(name)))
        with pytest.raises(InputGone):
            [piece async for piece in rendering.whole()]
        assert rendering.facts is None or name == "arrow", "of half an answer nothing is learnt"
    results.close()


def _ends_of_batches(data: bytes) -> list[int]:
    stream, ends = pa.BufferReader(data), []
    while stream.tell() < len(data) - 8:
        pa.ipc.read_message(stream)
        ends.append(stream.tell())
    return ends[1:-1]


async def test_ten_streams_at_once_do_not_wait_for_each_other(api: httpx.AsyncClient, queue: FakeQueue) -> None:
    """Contract: converting streams in threads — more streams than threads all end."""
    where = url(in_blob(queue, LARGE.slice(0, 100_000)), "?format=csv")
    async with asyncio.timeout(60):
        answers = await asyncio.gather(*(api.get(where, headers=PLAIN) for _ in range(20)))
    assert {answer.content for answer in answers} == {answers[0].content}


async def test_whoever_leaves_frees_the_threads(queue: FakeQueue) -> None:
    """Contract: a client that leaves frees everything, also where it never reads."""
    job = in_blob(queue, LARGE)
    results = Results(queue)  # type: ignore[arg-type]  # the fake has what is called
    view = View(codec=by_name("csv"))
    for _ in range(40):
        rendering = await results.of_job(job, view)
        pieces: AsyncIterator[bytes] = rendering.whole()
        assert await anext(pieces)
        await pieces.aclose()  # type: ignore[attr-defined]  # it is a generator
    queue.asked.clear()
    whole = b"".join([piece async for piece in (await results.of_job(job, view)).whole()])
    assert whole.count(b"\n") == LARGE.num_rows + 1
    results.close()


async def test_any_stored_payload_can_be_answered(queue: FakeQueue) -> None:
    """Contract: rejects have the same negotiation — whatever is in the stored form can be rendered."""
    data = b"".join(bytes(piece) for piece in stored.store(TABLE))
    frame = StoredFrame(hashlib.sha256(data).hexdigest(), len(data), TABLE.num_rows, data=data)
    results = Results(queue)  # type: ignore[arg-type]  # the fake has what is called
    rendering = await results.of_stored(frame, View(codec=by_name("csv"), limit=1))
    assert [piece async for piece in rendering.whole()] == [b'a,"b,c",A\n', b"1,x,1.5\n"]
    assert (rendering.rows, rendering.facts is not None) == (5, True)
    results.close()


def links(answer: httpx.Response) -> dict[str, str]:
    found = re.findall(r'<([^>]*)>; rel="(\w+)"', answer.headers.get("link", ""))
    return {relation: target for target, relation in found}


async def test_pages_follow_their_links(settings: Callable[..., Settings], queue: FakeQueue) -> None:
    """Contract: pages by offset/limit with Link, in every format, all query parameters kept."""
    job = queue.succeeded(TABLE)
    async with serving(settings(api={"public_url": "https://x.example/fq/"}), queue) as api:
        answer = await api.get(url(job, "?limit=2&columns=%22b%2Cc%22&columns=a&format=csv"))
        assert answer.text == '"b,c",a\nx,1\n,2\n'
        base = f"https://x.example/fq/v1/jobs/{job.id}/result?limit=2&columns=%22b%2Cc%22&columns=a&format=csv&offset="
        assert links(answer) == {"first": f"{base}0", "next": f"{base}2", "last": f"{base}4"}
        pages = [answer]
        while "next" in links(pages[-1]):
            pages.append(await api.get(links(pages[-1])["next"].removeprefix("https://x.example/fq")))
        assert [page.text.count("\n") - 1 for page in pages] == [2, 2, 1]
        assert links(pages[-1]) == {"first": f"{base}0", "prev": f"{base}2", "last": f"{base}4"}
        assert links(await api.head(url(job, "?limit=2"))).keys() == {"first", "next", "last"}


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ("", {}),
        ("?limit=0", {}),
        ("?offset=2", {}),
        ("?limit=5", {"first": 0, "last": 0}),
        ("?limit=2&offset=1", {"first": 0, "prev": 0, "next": 3, "last": 3}),
        ("?limit=2&offset=100", {"first": 0, "prev": 4, "last": 4}),
    ],
)
async def test_which_links_there_are(
    api: httpx.AsyncClient, queue: FakeQueue, query: str, expected: dict[str, int]
) -> None:
    """Contract: Link has first, prev, next, last as they fit."""
    found = links(await api.get(url(queue.succeeded(TABLE), query)))
    assert {relation: int(target.rpartition("offset=")[2]) for relation, target in found.items()} == expected


@pytest.mark.parametrize("name", FORMATS)
async def test_an_offset_behind_the_end_is_an_empty_frame(api: httpx.AsyncClient, queue: FakeQueue, name: str) -> None:
    """Contract: an offset behind the end is a frame without rows, in every format."""
    answer = await api.get(url(queue.succeeded(TABLE), f"?format={name}&offset=100&limit=2"), headers=PLAIN)
    assert answer.status_code == 200
    if name in ("arrow", "parquet"):
        assert (await read(answer, name)).schema.names == TABLE.column_names
    if name == "json":
        assert answer.json() == []
        assert "empty_without_dtypes" in answer.headers["framequeue-warning"]


async def read(answer: httpx.Response, name: str) -> pa.Table:
    if name == "parquet":
        return pyarrow.parquet.read_table(io.BytesIO(answer.content))
    return pa.ipc.open_stream(answer.content).read_all()


@pytest.mark.parametrize(
    ("query", "names"),
    [
        ("columns=A,a", ["A", "a"]),
        ("columns=A&columns=a", ["A", "a"]),
        ("columns=a,a&columns=a", ["a"]),
        ("columns=%22b%2Cc%22,a", ["b,c", "a"]),
        ("columns=%22a%22", ["a"]),
    ],
)
async def test_columns_are_picked(api: httpx.AsyncClient, queue: FakeQueue, query: str, names: list[str]) -> None:
    """Contract: ?columns= may repeat, or list names by commas."""
    answer = await api.get(url(queue.succeeded(TABLE), f"?{query}&orient=split"))
    assert answer.json()["columns"] == names


@pytest.mark.parametrize("name", ["", " ", 'a"b', '"', "a,b", "a\r\nb", "ü", '",', "a;b", "&", "%"])
async def test_every_name_can_be_picked(api: httpx.AsyncClient, queue: FakeQueue, name: str) -> None:
    """Contract: a column of any name can be asked for, quoted as in CSV."""
    job = queue.succeeded(pa.table([pa.array([1]), pa.array([2])], names=[name, "other"]))
    quoted = '"' + name.replace('"', '""') + '"'
    answer = await api.get(url(job), params={"columns": quoted, "orient": "split"})
    assert answer.json() == {"columns": [name], "data": [[1]]}
    bare = await api.get(url(queue.succeeded(pa.table({"": [1], "b": [2]}))), params={"columns": ""})
    assert bare.json() == [{"": 1}]


async def test_a_column_that_is_not_there(api: httpx.AsyncClient, queue: FakeQueue) -> None:
    """Contract: 422 transform.column_unknown with pointer and suggestion."""
    job = queue.succeeded(pa.table({"region": [1], "amount": [2]}))
    for path in (url(job), url(job, "?format=parquet"), url(job, "?format=xlsx")):
        answer = await api.get(path, params={"columns": "amount,regoin"})
        problem = answer.json()
        assert (answer.status_code, problem["code"]) == (422, "transform.column_unknown")
        assert "did you mean 'region'" in problem["detail"]
        assert problem["errors"][0]["pointer"] == "/columns/1"
    broken = await api.get(url(job), params={"columns": '"amount'})
    assert (broken.status_code, broken.json()["code"]) == (422, "spec.invalid")
    assert broken.json()["errors"][0]["pointer"] == "/columns"


async def test_repeated_columns_come_together(api: httpx.AsyncClient, queue: FakeQueue) -> None:
    """Contract: duplicate column names — a name that several columns have gives them all."""
    job = queue.succeeded(pa.table([pa.array([1]), pa.array([2]), pa.array([3])], names=["a", "b", "a"]))
    assert (await api.get(url(job, "?columns=a&orient=split"))).json() == {"columns": ["a", "a"], "data": [[1, 3]]}
    refused = await api.get(url(job, "?columns=a"))
    assert (refused.status_code, refused.json()["code"]) == (406, "result.not_representable")


async def test_html_is_a_page_that_runs_nothing(api: httpx.AsyncClient, queue: FakeQueue) -> None:
    """Contract: HTML is escaped."""
    hostile = ["<script>alert(1)</script>", "a&b", None, "\x00\x1b\ufffe", '" onload="x', "]]>", "line\r\nbreak"]
    table = pa.table({"<b>": hostile, "n": range(7), "j": [[{"<": "</td>"}]] * 7})
    answer = await api.get(url(queue.succeeded(table)), headers={"accept": "text/html,application/xml;q=0.9,*/*;q=0.8"})
    assert answer.headers["content-type"] == "text/html; charset=utf-8"
    assert answer.headers["content-security-policy"].startswith("default-src 'none'")
    assert answer.headers["content-disposition"].startswith("inline")
    assert "html_for_reading" in answer.headers["framequeue-warning"]
    page = ElementTree.fromstring(answer.text.removeprefix("<!DOCTYPE html>\n"))  # our own page
    assert {element.tag for element in page.iter()} == {
        *("html", "head", "meta", "title", "style", "body", "table", "thead", "tbody", "tr", "th", "td")
    }
    assert [cell.text for cell in page.iter("th")] == ["<b>", "n", "j"]
    rows = [[cell.text for cell in row.iter("td")] for row in page.iter("tr")][1:]
    shown = [*hostile[:3], "\ufffd\ufffd\ufffd", *hostile[4:]]
    assert rows == [[text, str(n), '[{"<":"</td>"}]'] for n, text in enumerate(shown)]


@pytest.mark.parametrize("accept", [None, "*/*", "text/html;q=0.4, */*;q=0.5", "text/html;q=0, */*"])
async def test_html_is_for_those_who_ask(api: httpx.AsyncClient, queue: FakeQueue, accept: str | None) -> None:
    """Contract: JSON is the default, and text/html what a browser asks for."""
    answer = await api.get(url(queue.succeeded(TABLE)), headers={"accept": accept} if accept else {})
    assert answer.headers["content-type"] == "application/json"


@pytest.mark.parametrize("path", ["/v1/frames", "/v1/jobs?pipeline=[]"])
async def test_html_is_not_read(api: httpx.AsyncClient, path: str) -> None:
    """Contract: HTML is out only: 415 with Accept-Post."""
    answer = await api.post(path, content=b"<table/>", headers={"content-type": "text/html"})
    assert (answer.status_code, answer.json()["code"]) == (415, "format.unsupported")
    assert "text/html" not in answer.headers["accept-post"]
    assert "spreadsheetml.sheet" in answer.headers["accept-post"]


async def test_excel_without_the_extra(
    api: httpx.AsyncClient, queue: FakeQueue, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Contract: Excel needs the extra `excel`: 406 and 415 with the hint how to get it."""
    hint = "pip install 'framequeue[excel]'"
    excel = by_name("xlsx")
    monkeypatch.setattr(excel, "missing", hint)
    named = await api.get(url(queue.succeeded(TABLE), "?format=xlsx"))
    asked = await api.get(url(queue.succeeded(TABLE)), headers={"accept": f"{excel.media_types[0]};v=1"})
    sent = await api.post("/v1/frames", content=b"PK", headers={"content-type": excel.media_types[0]})
    assert [answer.status_code for answer in (named, asked, sent)] == [406, 406, 415]
    assert all(hint in answer.json()["detail"] for answer in (named, asked, sent))


async def test_a_frame_has_the_headers_of_a_result(api: httpx.AsyncClient) -> None:
    """Contract: GET /v1/frames/{id}/content is negotiated as a result is."""
    sent = await api.post("/v1/frames", content=b"a,b\n1,x\n2,y\n", headers={"content-type": "text/csv"})
    where = f"/v1/frames/{sent.json()['id']}/content?format=csv"
    whole = await api.get(where, headers=PLAIN)
    assert whole.headers["repr-digest"] == digest(whole.content)
    part = await api.get(where, headers={**PLAIN, "range": "bytes=-4"})
    assert (part.status_code, part.content) == (206, b"2,y\n")
    page = await api.get(f"{where}&limit=1&offset=1", headers=PLAIN)
    assert (page.text, links(page).keys()) == ("a,b\n2,y\n", {"first", "prev", "last"})
    again = await api.get(where, headers={**PLAIN, "if-none-match": whole.headers["etag"]})
    assert again.status_code == 304
