"""The Python client on a running service, and the page that shows it."""

import doctest
import json
from collections.abc import Iterator
from datetime import UTC, date, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any, ClassVar

import httpx
import numpy as np
import pandas as pd
import pyarrow as pa
import pytest

from service.client import AsyncClient, Client, ColumnUnknown, NotFound, PipelineError, Spec, WaitTimeout
from tests.acceptance.test_stack import Up, up

ROOT = Path(__file__).parents[2]
MISSPELT = [{"op": "sort_values", "by": "amuont"}]


@pytest.fixture(scope="module")
def stack(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Up]:
    with up(tmp_path_factory.mktemp("stack")) as running:
        yield running


@pytest.fixture
def client(stack: Up) -> Iterator[Client]:
    with Client(stack.url) as client:
        yield client


def every_dtype() -> pd.DataFrame:
    """A frame of what Arrow and pandas can both say."""
    arrow = {
        "decimal": pa.array([Decimal("1.50"), None, Decimal("-0.01")], pa.decimal128(12, 2)),
        "date": pa.array([date(2024, 2, 29), None, date(1969, 1, 1)]),
        "nested": pa.array([[1, 2], None, []], pa.list_(pa.int64())),
    }
    columns = {
        "int": [1, -(2**63), 2**63 - 1],
        "int with nulls": pd.array([2**62 + 1, None, 3], "Int64"),
        "small": np.array([1, 2, 3], "int8"),
        "unsigned": np.array([2**64 - 1, 0, 1], "uint64"),
        "float": [0.1, np.nan, np.inf],
        "bool": [True, False, True],
        "bool with nulls": pd.array([True, None, False], "boolean"),
        "text": pd.Series(["001", None, ""], dtype="str"),
        "category": pd.Categorical(["b", None, "a"], ["b", "a", "c"], ordered=True),
        "instant": pd.Series([datetime(2024, 1, 1, tzinfo=UTC)] * 3).dt.as_unit("ns").dt.tz_convert("Europe/Berlin"),
        "local": pd.Series(pd.to_datetime(["2024-01-01", None, "1900-01-01"])).dt.as_unit("ms"),
        "duration": pd.to_timedelta([1, None, -5], unit="s").as_unit("us"),
        "": ["no", "name", "!"],
        **{name: pd.Series(pd.array(values, dtype=pd.ArrowDtype(values.type))) for name, values in arrow.items()},
    }
    return pd.DataFrame(columns)


def test_what_went_in_comes_out(client: Client) -> None:
    """Contract: Fidelity: what went in comes out."""
    frame = every_dtype()
    pd.testing.assert_frame_equal(client.run(frame), frame)


def test_an_empty_table_keeps_its_dtypes(client: Client) -> None:
    """Contract: empty frames with dtypes."""
    frame = every_dtype().drop(columns=["int with nulls", "bool with nulls", "category"])[:0]
    pd.testing.assert_frame_equal(client.run(frame), frame)


def test_names_may_repeat(client: Client) -> None:
    frame = pd.DataFrame([[1, "x"], [2, "y"]], columns=["a", "a"])
    pd.testing.assert_frame_equal(client.run(frame), frame)


def test_a_table_of_many_batches_comes_back_whole(client: Client) -> None:
    rows = 400_000
    frame = pd.DataFrame(
        {"n": np.arange(rows), "x": np.random.default_rng(1).random(rows), "text": ["tea", "ö"] * 200_000}
    )
    pd.testing.assert_frame_equal(client.run(frame), frame)


def test_a_submitted_job_is_waited_for_looked_at_and_fetched(client: Client) -> None:
    frames = {"a": pd.DataFrame({"k": [1, 2]}), "b": pd.DataFrame({"k": [2, 3], "v": ["x", "y"]})}
    job = client.submit(frames, [{"op": "merge", "from": "a", "right": "b", "on": "k"}], labels={"team": "x"})
    seen: list[str] = []
    assert job.wait(30, on_change=lambda now: seen.append(now.state)).state == "succeeded"
    assert job.outcome is not None
    assert (job.outcome.rows, job.labels, seen[-1:]) == (1, {"team": "x"}, ["succeeded"])
    assert job.result().to_dict("records") == [{"k": 2, "v": "x"}]
    assert b"".join(job.content("csv")) == b"k,v\n2,x\n"
    assert (job.report(), job.logs()) == ([], [])


def test_failures_are_typed(client: Client) -> None:
    frame = pd.DataFrame({"amount": [1]})
    with pytest.raises(ColumnUnknown, match="did you mean 'amount'"):
        client.run(frame, MISSPELT)
    with pytest.raises(PipelineError) as refused:
        client.submit(frame, [{"op": "haed"}])
    assert refused.value.errors[0].pointer == "/pipeline/0/op"
    with pytest.raises(NotFound):
        client.job("job_" + "x" * 24)


def test_a_delayed_job_outlives_a_wait_and_can_be_canceled(client: Client) -> None:
    job = client.submit(pd.DataFrame({"a": [1]}), delay_s=300)
    with pytest.raises(WaitTimeout) as raised:
        job.wait(0.2)
    assert raised.value.job.cancel().wait(10).state == "canceled"


def test_frames_are_kept_until_they_are_deleted(client: Client) -> None:
    frame = pd.DataFrame({"a": [1, 2, 3]})
    kept = client.upload(frame)
    assert (kept.rows, client.frame(kept.id)) == (3, kept)
    assert client.run(kept, [{"op": "tail", "n": 1}])["a"].tolist() == [3]
    pd.testing.assert_frame_equal(client.frame_content(kept), frame)
    client.delete_frame(kept)
    with pytest.raises(NotFound):
        client.frame(kept.id)


def test_jobs_follow_jobs_and_are_run_again(client: Client) -> None:
    """Contract: {"job": id} is an input, the job waits until that one ends; rerun is a new Job with rerun_of."""
    frame = pd.DataFrame({"a": [1, 2, 3]})
    first = client.submit(frame, [{"op": "head", "n": 2}])
    assert client.run(first, [{"op": "tail", "n": 1}])["a"].tolist() == [2]
    again = first.wait(30).rerun()
    assert (again.rerun_of, len(again.result())) == (first.id, 2)


def test_a_batch_is_taken_whole_or_not_at_all(client: Client) -> None:
    """Contract: up to 100 specs, all or nothing, with pointers as /jobs/3/pipeline/0/op."""
    frame = pd.DataFrame({"a": [1, 2, 3]})
    jobs = client.submit_batch(Spec(frame, [{"op": "head", "n": n}]) for n in (1, 2))
    assert [len(job.result()) for job in jobs] == [1, 2]
    assert len({job.group for job in jobs}) == 1
    with pytest.raises(PipelineError) as refused:
        client.submit_batch([Spec(frame, []), Spec(frame, [{"op": "haed"}])])
    assert refused.value.errors[0].pointer == "/jobs/1/pipeline/0/op"


def test_a_submit_whose_reply_was_lost_makes_one_job(stack: Up) -> None:
    """Contract: the same key and body give the same job."""
    with Client(stack.url, transport=Forgetful()) as client:
        job = client.submit(pd.DataFrame({"a": [1]}))
    told = Forgetful.told
    assert len(told) == 2
    assert {answer["id"] for answer in told} == {job.id}


class Forgetful(httpx.HTTPTransport):
    """Loses the first answer to a submission, after the service has given it."""

    told: ClassVar[list[dict[str, Any]]] = []

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        response = super().handle_request(request)
        self.told.append(json.loads(response.read()))
        if len(self.told) == 1:
            raise httpx.ReadError("the answer was lost")
        return response


def test_the_service_tells_what_it_knows(client: Client) -> None:
    assert client.ready().ready
    assert client.transform("head") in client.transforms()


async def test_the_asynchronous_client_does_the_same(stack: Up) -> None:
    frame = every_dtype()
    async with AsyncClient(stack.url) as client:
        pd.testing.assert_frame_equal(await client.run(frame), frame)
        job = await client.submit({"df": ROOT / "examples" / "airlines.csv"}, [{"op": "head", "n": 2}])
        assert len(await job.result()) == 2
        assert b"".join([piece async for piece in job.content("csv")]).startswith(b"carrier,name\n")
        with pytest.raises(ColumnUnknown):
            await client.run(frame, MISSPELT)


def test_the_page_shows_what_happens(stack: Up, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(ROOT)
    page = (ROOT / "docs" / "client.md").read_text(encoding="utf-8").replace("http://127.0.0.1:8000", stack.url)
    shown = doctest.DocTestParser().get_doctest(page, {}, "client.md", "docs/client.md", 0)
    told: list[str] = []
    results = doctest.DocTestRunner(verbose=False).run(shown, out=told.append)
    assert results.attempted >= 15
    assert results.failed == 0, "".join(told)
