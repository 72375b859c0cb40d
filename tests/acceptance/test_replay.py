"""`framequeue replay`: a job's own inputs and pipeline, run here, to the step that fails."""

import gzip
import json
import sys
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from tests.acceptance.test_cli import TOTALS, framequeue
from tests.acceptance.test_stack import Up, up
from tests.unit.cli.typed import typed

# behind a step whose columns depend on the data nothing is known at submit
FAILS = [{"op": "dropna", "axis": "columns"}, {"op": "query", "from": "df", "expr": "amount > 2"}]
FAILS += [{"op": "dropna", "axis": "columns"}, {"op": "sort_values", "by": "amuont"}]


@pytest.fixture(scope="module")
def stack(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Up]:
    with up(tmp_path_factory.mktemp("stack")) as running:
        yield running


def submitted(stack: Up, **body: object) -> str:
    answer = httpx.post(f"{stack.url}/v1/jobs", json=body, headers={"prefer": "wait=30"}, timeout=40)
    assert answer.status_code == 200, answer.text
    return str(answer.json()["id"])


@pytest.fixture(scope="module")
def failed(stack: Up) -> str:
    records = [{"region": "N", "amount": 2}, {"region": "S", "amount": 3}]
    return submitted(stack, pipeline=FAILS, inputs={"df": {"records": records}})


def test_a_failed_job_fails_here_in_the_same_step(stack: Up, failed: str, tmp_path: Path) -> None:
    done = typed("replay", failed, "--dir", str(tmp_path / "kept"), "--server", stack.url)
    said = " ".join(done.err.split())
    assert done.code == 1
    for part in (
        f"job {failed} failed",
        "transform.column_unknown",
        "4 (sort_values)",
        "it fails here as it did there",
        "Traceback (most recent call last)",
        "did you mean 'amount'?",
    ):
        assert part in said
    assert "3\tdropna\t1\t2\t" in done.err
    assert "before step 4 (sort_values): 1 rows x 2 columns" in done.out
    assert "amount: int64" in done.out
    assert json.loads((tmp_path / "kept" / "pipeline.json").read_text()) == FAILS
    again = typed("run", str(tmp_path / "kept" / "df.json"), "-p", str(tmp_path / "kept" / "pipeline.json"))
    assert again.code == 1
    assert "amuont" in again.err


def test_the_debugger_stops_in_the_failing_call(stack: Up, failed: str, tmp_path: Path) -> None:
    commands = b"p frame.to_dict('list')\nthis_step.op, sorted(inputs)\nc\nq\n"
    done = framequeue("replay", failed, "--pdb", "--dir", str(tmp_path), url=stack.url, given=commands)
    said = done.stdout.decode()
    assert "return this_step.transform.apply(frame, around)" in said or "around = Surroundings(" in said
    assert "{'region': ['S'], 'amount': [3]}" in said
    assert "('sort_values', ['df'])" in said
    assert "ColumnUnknown: " in said
    assert done.returncode == 1


def test_ipython_opens_where_it_is_installed(
    stack: Up, failed: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("importlib.util.find_spec", lambda _: None)
    refused = typed("replay", failed, "--ipython", "--server", stack.url)
    assert (refused.code, "pip install ipython" in refused.end) == (2, True)
    monkeypatch.undo()
    stub = "def embed(user_ns, **_):\n    print('opened with', sorted(user_ns), user_ns['frame'].shape)\n"
    (tmp_path / "IPython.py").write_text(stub)
    monkeypatch.syspath_prepend(str(tmp_path))
    monkeypatch.delitem(sys.modules, "IPython", raising=False)
    opened = typed("replay", failed, "--ipython", "--dir", str(tmp_path), "--server", stack.url)
    assert "opened with ['frame', 'inputs', 'pd', 'this_step'] (1, 2)" in opened.out
    monkeypatch.delitem(sys.modules, "IPython")


def test_a_job_that_succeeded_gives_the_same_bytes(stack: Up, tmp_path: Path) -> None:
    data = gzip.compress("region,amount,note\nN,2,ä\nS,x,\nN,5,ö\n".encode("latin-1"))
    query = {"pipeline": TOTALS, "dtypes": '{"amount": "float64"}', "on_row_error": "reject"}
    headers = {"content-type": "text/csv; charset=latin-1", "content-encoding": "gzip", "prefer": "wait=30"}
    made = httpx.post(f"{stack.url}/v1/jobs", params=query, content=data, headers=headers, timeout=40)
    assert made.json()["state"] == "succeeded", made.text
    done = typed("replay", made.json()["id"], "--dir", str(tmp_path), "--server", stack.url)
    assert done.code == 0, done.err
    assert "the result is the job's, byte for byte: 1 row × 2 columns" in done.err
    assert "latin-1" in (tmp_path / "inputs.json").read_text()


def test_frames_and_results_of_other_jobs_are_inputs_too(stack: Up, tmp_path: Path) -> None:
    large = "region,amount\n" + "N,1\n" * 40_000  # not kept beside the record
    frame = httpx.post(f"{stack.url}/v1/frames", content=large, headers={"content-type": "text/csv"}, timeout=40)
    other = submitted(stack, pipeline=json.loads(TOTALS), inputs={"df": {"records": [{"region": "N", "amount": 7}]}})
    steps = [{"op": "merge", "from": "many", "right": "one", "on": "region"}, {"op": "head", "n": 2}]
    inputs = {"many": {"frame": frame.json()["id"]}, "one": {"job": other}}
    job = submitted(stack, pipeline=steps, inputs=inputs)
    done = typed("replay", job, "--dir", str(tmp_path), "--server", stack.url)
    assert done.code == 0, done.err
    assert "byte for byte: 2 rows × 3 columns" in done.err
    assert {"many.arrows", "one.arrows"} <= {path.name for path in tmp_path.iterdir()}


def test_what_cannot_be_fetched_is_said(stack: Up) -> None:
    unknown = typed("replay", "job_" + "x" * 24, "--server", stack.url)
    assert (unknown.code, unknown.out, "not_found" in unknown.err) == (1, "", True)
    assert typed("replay", "job_1", "--server", "http://127.0.0.1:1").code == 3
