"""`framequeue run`: the same result and the same report as a job's, without a server."""

import json
from pathlib import Path

import pandas as pd
import pyarrow.parquet as pq
import pytest

from tests.unit.cli.typed import typed

EXAMPLES = Path(__file__).parents[3] / "examples"
CSV = "region,amount\nN,2\nS,3\nN,5\n"
TOTALS = [
    {"op": "groupby", "by": ["region"], "agg": {"total": ["amount", "sum"]}},
    {"op": "sort_values", "by": "region"},
]
OWN = '''"""Own."""
import pandas as pd
from jobs import Context, transform

@transform
def doubled(df: pd.DataFrame, *, column: str, about: Context) -> pd.DataFrame:
    """Twice the column."""
    print("doubling")
    about.logger.warning("twice")
    about.progress(0.5)
    return df.assign(**{column: df[column] * 2})
'''


@pytest.fixture
def sales(tmp_path: Path) -> str:
    (tmp_path / "sales.csv").write_text(CSV)
    return str(tmp_path / "sales.csv")


def test_the_result_goes_to_stdout_and_the_steps_to_stderr(sales: str) -> None:
    said = typed("run", sales, "-p", json.dumps(TOTALS))
    assert (said.code, said.out) == (0, "region,total\nN,7\nS,3\n")
    lines = [line.split("\t") for line in said.err.splitlines()]
    assert lines[0] == ["step", "op", "rows", "columns", "time", "memory"]
    assert [line[:4] for line in lines[1:]] == [
        ["read", "df", "3", "2"],
        ["1", "groupby", "2", "2"],
        ["2", "sort_values", "2", "2"],
    ]


def test_the_pipeline_comes_from_a_file_or_from_stdin(sales: str, tmp_path: Path) -> None:
    (tmp_path / "totals.json").write_text(json.dumps(TOTALS))
    by_file = typed("run", sales, "-p", str(tmp_path / "totals.json"))
    by_pipe = typed("run", sales, "-p", "-", given=json.dumps(TOTALS))
    assert by_file.out == by_pipe.out == "region,total\nN,7\nS,3\n"
    assert typed("run", "-", "--input-format", "csv", "-p", "-").end.startswith("only one of")


def test_inputs_have_names_and_the_ending_decides_the_format(sales: str, tmp_path: Path) -> None:
    (tmp_path / "names.csv").write_text("region,name\nN,North\n")
    steps = [{"op": "merge", "from": "sales", "right": "names", "on": "region", "how": "left"}]
    inputs = ("--input", f"sales={sales}", "--input", f"names={tmp_path / 'names.csv'}")
    target = tmp_path / "out.parquet"
    said = typed("run", *inputs, "-p", json.dumps(steps), "-o", str(target))
    assert (said.code, said.out) == (0, "")
    assert pq.read_table(target).to_pydict() == {
        "region": ["N", "S", "N"],
        "amount": [2, 3, 5],
        "name": ["North", None, "North"],
    }


def test_a_real_file_equals_the_plain_script(tmp_path: Path) -> None:
    target = tmp_path / "worst.parquet"
    said = typed("run", str(EXAMPLES / "flights.parquet"), "-p", str(EXAMPLES / "worst_routes.json"), "-o", str(target))
    assert said.code == 0, said
    flights = pd.read_parquet(EXAMPLES / "flights.parquet").dropna(subset=["arr_delay"])
    routes = flights.groupby(["origin", "dest"], as_index=False).agg(
        flights=("flight", "count"), mean_delay=("arr_delay", "mean"), worst_delay=("arr_delay", "max")
    )
    routes = routes[routes.flights >= 30].sort_values(["mean_delay", "flights"], ascending=False).head(10)
    expected = routes.rename(columns={"origin": "from", "dest": "to"}).reset_index(drop=True)
    pd.testing.assert_frame_equal(pd.read_parquet(target), expected, check_dtype=False)


def test_a_failure_is_told_as_that_of_a_job(sales: str) -> None:
    steps = [{"op": "head", "n": 2}, {"op": "groupby", "by": ["regoin"], "agg": {"total": ["amount", "sum"]}}]
    said = typed("run", sales, "-p", json.dumps(steps))
    assert (said.code, said.out) == (1, "")
    told = " ".join(said.err.split())
    for part in ("transform.column_unknown", "2 (groupby)", "/pipeline/1/by/0", "did you mean 'region'?", "2 rows ×"):
        assert part in told
    assert "S" in told.partition("rows the step was given")[2]


def test_machines_get_json(sales: str) -> None:
    good = json.loads(typed("run", sales, "-p", json.dumps(TOTALS), "--json").out)
    assert good["state"] == "succeeded"
    assert good["result"] == {"rows": 2, "columns": good["result"]["columns"], "rejects": 0}
    assert [(step["op"], step["rows"], step["columns"]) for step in good["steps"]] == [
        ("groupby", 2, 2),
        ("sort_values", 2, 2),
    ]
    assert all(step["memory_bytes"] > 0 <= step["time_ms"] for step in good["steps"])
    said = typed("run", sales, "-p", '[{"op": "query", "expr": "amuont > 2"}]', "--json")
    bad = json.loads(said.out)
    assert (said.code, said.err, bad["state"]) == (1, "", "failed")
    assert bad["error"]["code"] == "transform.column_unknown"
    assert bad["report"]["step"] == 1
    assert bad["report"]["samples"][0] == {"region": "N", "amount": 2}


def test_a_pipeline_that_cannot_be_read_fails_with_its_places(sales: str) -> None:
    said = typed("run", sales, "-p", '[{"op": "haed"}, {"op": "head", "n": "5"}]')
    assert said.code == 1
    assert "did you mean 'head'?" in " ".join(said.err.split())
    assert "/pipeline/1/n" in said.err


def test_bad_rows_are_set_aside_and_kept(tmp_path: Path) -> None:
    (tmp_path / "dirty.csv").write_text("a,b\n1,2\n3\n")
    kept = tmp_path / "rejects.csv"
    said = typed("run", str(tmp_path / "dirty.csv"), "--on-row-error", "reject", "--rejects", str(kept))
    assert (said.code, said.out) == (0, "a,b\n1,2\n")
    assert "warning: 1 row set aside" in said.err
    assert ",input.malformed," in kept.read_text()


@pytest.mark.filterwarnings("ignore:Could not infer format")
@pytest.mark.parametrize(
    ("op", "values", "aside"),
    [
        ("to_numeric", ["1", "x", "3"], {2: "'x' is no number"}),
        ("to_numeric", ["x", "3.5", "-"], {1: "'x' is no number", 3: "'-' is no number"}),
        ("to_datetime", ["2024-01-31", "soon"], {2: "'soon' is no time"}),
        # with the first row goes what the others are read as
        (
            "to_datetime",
            ["soon", "2024-01-31", "31.12.2024"],
            {1: "'soon' is no time", 3: "'31.12.2024' is no time"},
        ),
        ("to_timedelta", ["1h", "long"], {2: "'long' is no duration"}),
    ],
)
def test_values_that_a_conversion_refuses_are_set_aside(
    tmp_path: Path, op: str, values: list[str], aside: dict[int, str]
) -> None:
    source, kept, left = (tmp_path / name for name in ("in.csv", "rejects.csv", "left.parquet"))
    source.write_text("a,b\n" + "".join(f"{value},1\n" for value in values))
    words = ("run", str(source), "-p", json.dumps([{"op": op, "columns": ["b", "a"]}]), "-o", str(left))
    assert typed(*words).code == 1
    assert typed(*words, "--on-row-error", "reject", "--rejects", str(kept)).code == 0
    found = pd.read_csv(kept)
    assert dict(zip(found["row"], found["detail"], strict=True)) == {
        row: f"step 1 ({op}): {reason}" for row, reason in aside.items()
    }
    assert set(zip(found["code"], found["column"], strict=True)) == {("transform.dtype_unsuitable", "a")}
    assert len(pd.read_parquet(left)) == len(values) - len(aside)


def test_own_transforms_run_and_what_they_print_is_no_result(
    sales: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "own_doubled.py").write_text(OWN)
    monkeypatch.syspath_prepend(str(tmp_path))
    steps = '[{"op": "doubled", "column": "amount"}]'
    said = typed("run", sales, "-p", steps, "--transforms-module", "own_doubled")
    assert (said.code, said.out) == (0, "region,amount\nN,4\nS,6\nN,10\n")
    assert "doubling" in said.err
    assert "WARNING: twice" in said.err


@pytest.mark.parametrize(
    ("words", "end"),
    [
        ((), "no input"),
        (("nowhere.csv",), "cannot read 'nowhere.csv'"),
        (("nowhere.xyz",), "does not tell a format"),
        (("nowhere.csv", "-o", "/nowhere/x.csv"), "cannot write"),
        (("nowhere.csv", "-p", "{"), "--pipeline ends too early: line 1, column 2"),
        (("nowhere.csv", "-p", '[{"op": "head", "n": NaN}]'), "--pipeline is not JSON: invalid character at line 1"),
        (("nowhere.csv", "-p", '[{"op": "cut", "bins": [0, Infinity]}]'), "--pipeline is not JSON"),
        (("nowhere.csv", "-p", '[{"op": "cut", "bins": [0, 1e400]}]'), "number out of range at /0"),
        (("nowhere.csv", "-p", '[{"op": "head", "n": 1, "n": 2}]'), "the key 'n' is given twice"),
        (("--input", "a b=x.csv"), "cannot be named"),
        (("{sales}", "--on-row-error", "maybe"), "fail or reject"),
        (("{sales}", "--transforms-module", "no_such_module"), "fails to import"),
    ],
)
def test_wrong_usage_begins_nothing(sales: str, words: tuple[str, ...], end: str) -> None:
    said = typed("run", *(word.format(sales=sales) if word == "{sales}" else word for word in words))
    assert (said.code, said.out) == (2, "")
    assert end in said.end


def test_a_result_without_a_form_in_the_format_is_said(tmp_path: Path) -> None:
    (tmp_path / "twice.csv").write_text("a\n1\n")
    steps = [{"op": "select", "columns": ["a", "a"]}]
    said = typed("run", str(tmp_path / "twice.csv"), "-p", json.dumps(steps), "--format", "json")
    assert said.code == 1
    assert "cannot be written" in said.end


def test_each_problem_is_told_with_its_own_words_and_place(sales: str) -> None:
    steps = '[{"op": "query", "expresion": "qty > 1"}, {"op": "head", "m": 3}]'
    said = typed("run", sales, "-p", steps)
    told = " ".join(said.err.replace("│", " ").split())
    for part in (
        "no argument 'expresion'; did you mean 'expr'? (and 2 more problems)",
        "at /pipeline/0/expresion at /pipeline/0/expr query needs 'expr'",
        "at /pipeline/1/m head has no argument 'm'; head takes 'n'",
    ):
        assert part in told, told


def test_a_report_has_no_empty_facts_and_speaks_of_options(tmp_path: Path) -> None:
    (tmp_path / "latin.csv").write_bytes("a,b\né,2\n".encode("latin-1"))
    told = " ".join(typed("run", str(tmp_path / "latin.csv")).err.replace("│", " ").split())
    assert "at row 1 of df" in told
    assert "--input-charset latin-1" in told
    for noise in ("Content-Type", "0 MiB", "at /"):
        assert noise not in told
    assert typed("run", str(tmp_path / "latin.csv"), "--input-charset", "latin-1").out == "a,b\né,2\n"


def test_a_failed_run_tells_what_it_read(sales: str) -> None:
    said = typed("run", sales, "-p", '[{"op": "head", "n": 2}, {"op": "query", "expr": "amuont > 1"}]')
    lines = [line.split("\t")[:4] for line in said.err.splitlines()]
    assert lines[1:3] == [["read", "df", "3", "2"], ["1", "head", "2", "2"]]


def test_what_a_library_warns_of_is_said_once_without_its_files(tmp_path: Path) -> None:
    (tmp_path / "days.csv").write_text("a,b\n1x,2\n2021-01-01,2\n")
    said = typed("run", str(tmp_path / "days.csv"), "-p", '[{"op": "to_datetime", "columns": ["a"]}]')
    assert said.err.count("Could not infer format") == 1
    assert "convert.py" not in said.err
