"""`framequeue to-python`: scripts that read files, run alone, and give what the pipeline gives."""

import ast
import json
import subprocess
import sys
from pathlib import Path

import pandas as pd
import pytest

from tests.unit.cli.typed import typed

ROOT = Path(__file__).parents[3]
EXAMPLES = ROOT / "examples"
FLIGHTS = ("--input", f"flights={EXAMPLES / 'flights.csv'}", "--input", f"airlines={EXAMPLES / 'airlines.csv'}")


def run(script: str, tmp_path: Path) -> pd.DataFrame:
    """What the script prints last, as a file."""
    target = tmp_path / "printed.csv"
    assert script.endswith("print(df)\n")
    text = script.removesuffix("print(df)\n") + f"df.to_csv({str(target)!r}, index=False)\n"
    subprocess.run([sys.executable, "-c", text], check=True, cwd=ROOT, capture_output=True, timeout=60)
    return pd.read_csv(target)


@pytest.mark.parametrize(
    ("pipeline", "inputs"),
    [
        ("worst_routes", ("--input", f"df={EXAMPLES / 'flights.csv'}")),
        ("worst_routes", ("--input", f"df={EXAMPLES / 'flights.parquet'}")),
        ("canceled_by_hour", ("--input", f"df={EXAMPLES / 'flights.csv'}")),
        ("delays_by_carrier", FLIGHTS),
    ],
)
def test_a_script_gives_what_a_run_gives(pipeline: str, inputs: tuple[str, ...], tmp_path: Path) -> None:
    steps = str(EXAMPLES / f"{pipeline}.json")
    script = typed("to-python", steps, *inputs)
    assert script.code == 0, script
    target = tmp_path / "run.csv"
    assert typed("run", *inputs, "-p", steps, "-o", str(target)).code == 0
    pd.testing.assert_frame_equal(run(script.out, tmp_path), pd.read_csv(target), check_dtype=False)


def test_text_is_read_as_a_job_reads_it(tmp_path: Path) -> None:
    (tmp_path / "orders.csv").write_text("code,n,flag,note\n001,5,true,NA\n002,,,\n")
    steps = '[{"op": "assign", "columns": {"more": "n + 1", "long": "code + note"}}]'
    said = typed("to-python", steps, "--input", f"df={tmp_path / 'orders.csv'}")
    assert 'dtype={"code": "str", "n": "Int64", "flag": "boolean"}' in said.out
    target = tmp_path / "run.csv"
    assert typed("run", str(tmp_path / "orders.csv"), "-p", steps, "-o", str(target)).code == 0
    run(said.out, tmp_path)
    assert (tmp_path / "printed.csv").read_text().lower() == target.read_text().lower()


def test_every_format_is_read(tmp_path: Path) -> None:
    (tmp_path / "in.csv").write_text("a,b\n1,x\n2,y\n")
    inputs = ["--input", f"csv={tmp_path / 'in.csv'}"]
    endings = ("json", "ndjson", "tsv", "parquet", "arrow", "arrows")
    for ending in endings:
        file = tmp_path / f"in.{ending}"
        assert typed("run", str(tmp_path / "in.csv"), "-o", str(file)).code == 0
        inputs += ["--input", f"{ending}={file}"]
    said = typed("to-python", json.dumps([{"op": "concat", "from": "csv", "frames": endings}]), *inputs)
    assert run(said.out, tmp_path).to_dict("list") == {"a": [1, 2] * 7, "b": ["x", "y"] * 7}


def test_without_files_inputs_are_guessed_from_the_steps() -> None:
    steps = [
        {"op": "query", "from": "orders", "expr": "total > 3", "save": "large"},
        {"op": "merge", "from": "large", "right": "customers", "on": "customer"},
        {"op": "concat", "frames": ["large", "df"]},
    ]
    said = typed("to-python", "-", given=json.dumps(steps))
    assert said.out.startswith("import pandas as pd\n")
    for line in (
        'orders = pd.read_csv("orders.csv", keep_default_na=False, na_values=[""])',
        'df = pd.read_csv("df.csv", keep_default_na=False, na_values=[""])',
        'frame = orders[orders["total"] > 3].reset_index(drop=True)',
        "large = frame",
        'frame = large.merge(customers, on="customer")',
        "frame = pd.concat([frame, large, df], ignore_index=True)",
    ):
        assert line in said.out.splitlines(), said.out


def test_odd_names_become_variables() -> None:
    steps = [
        {"op": "head", "from": "class", "save": "my frame"},
        {"op": "tail", "from": "pd", "save": "list"},
        {"op": "concat", "frames": ["my frame", "list"]},
    ]
    said = typed("to-python", json.dumps(steps))
    ast.parse(said.out)
    assert "df = class_2.head()" in said.out
    assert "my_frame = df" in said.out


def test_long_statements_are_broken_over_lines() -> None:
    agg = {f"total of {number}": [f"amount {number}", "sum"] for number in range(8)}
    said = typed("to-python", json.dumps([{"op": "groupby", "by": "region", "agg": agg}]))
    ast.parse(said.out)
    assert '"total of 7": ("amount 7", "sum")' in said.out
    by = [f"a column with a name {number}" for number in range(9)]
    said = typed("to-python", json.dumps([{"op": "sort_values", "by": by, "ascending": False}]))
    assert "\n    ascending=False,\n    ignore_index=True,\n)\n" in said.out


def test_an_own_transform_is_a_call_of_its_function(tmp_path: Path) -> None:
    steps = '[{"op": "late_flights", "minutes": 60, "carrier": "UA"}, {"op": "head", "n": 3}]'
    own = ("--transforms-module", "examples.transforms")
    said = typed("to-python", steps, "--input", f"df={EXAMPLES / 'flights.csv'}", *own)
    assert "from examples.transforms import late_flights\n" in said.out
    assert len(run(said.out, tmp_path)) == 3


def test_what_is_no_pipeline_has_no_script() -> None:
    said = typed("to-python", '[{"op": "query", "expr": "a >"}]')
    assert (said.code, said.out) == (1, "")
    assert "expression.syntax" in said.err
    assert typed("to-python", "nowhere.json").code == 2
