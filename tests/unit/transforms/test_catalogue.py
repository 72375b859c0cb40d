"""The catalogue: every example runs, the page is what the code says, and users' functions become ops."""

import re
import sys
from itertools import groupby
from pathlib import Path

import pandas as pd
import pyarrow as pa
import pytest
from pandas.api.types import is_scalar

from jobs import Context, transform
from jobs.codecs.frames import to_pandas
from jobs.errors import ArgumentInvalid, ArgumentUnknown, ColumnUnknown, StepFailed
from jobs.pipeline import Pipeline
from jobs.transforms.catalogue import BUILTIN, Catalogue, CatalogueError, load_catalogue
from jobs.transforms.declare import Declaration
from jobs.transforms.own import model_of
from jobs.transforms.reference import reference

ROOT = Path(__file__).parents[3]


def records(frame):
    rows = frame.astype(object).to_dict("records")
    return [{name: None if is_scalar(cell) and pd.isna(cell) else cell for name, cell in row.items()} for row in rows]


@pytest.mark.parametrize("op", BUILTIN)
def test_every_example_gives_what_it_says(op):
    catalogue = Catalogue()
    example = catalogue.describe(op)["example"]
    assert any(step["op"] == op for step in example["pipeline"])
    inputs = {name: pd.DataFrame(rows) for name, rows in example["inputs"].items()}
    result = Pipeline.parse(example["pipeline"], inputs, catalogue).run(inputs)
    assert records(result) == example["result"]


@pytest.mark.parametrize("op", BUILTIN)
def test_every_op_and_argument_is_documented(op):
    described = Catalogue().describe(op)
    assert described["summary"]
    assert described["family"] == BUILTIN[op].family
    assert described["parameters"]["additionalProperties"] is False
    for name, field in described["parameters"]["properties"].items():
        assert field.get("description"), name


def test_the_page_is_written_from_the_catalogue():
    written = (ROOT / "docs" / "transforms.md").read_text(encoding="utf-8")
    assert written == reference(Catalogue())


def test_every_row_of_the_page_has_the_cells_of_its_header():
    lines = reference(Catalogue()).splitlines()
    tables = [list(rows) for is_row, rows in groupby(lines, key=lambda line: line.startswith("|")) if is_row]
    assert len(tables) > 100
    for header, *rows in tables:
        assert rows, header
        assert {len(re.findall(r"(?<!\\)\|", row)) for row in rows} == {header.count("|")}, header


def test_the_page_tells_what_the_verbs_of_groupby_take():
    section = reference(Catalogue()).partition("\n### groupby\n")[2].partition("\n### ")[0]
    assert "| `head` | object of `n` or null |" in section
    assert "\n- `head`: `n` (5)\n" in section
    assert "\n- `nth`: `n` (required), `dropna` (null)\n" in section
    assert "Ends" not in section


def test_the_fingerprint_tells_catalogues_apart():
    assert Catalogue().fingerprint == Catalogue().fingerprint
    assert load_catalogue(["examples.transforms"]).fingerprint != Catalogue().fingerprint


def test_the_example_transform_works_as_a_step_and_as_a_function():
    catalogue = load_catalogue(["examples.transforms"])
    frame = pd.DataFrame({"carrier": ["UA", "AA", "UA"], "dep_delay": [20.0, 90.0, 45.0]})
    seen = []
    pipeline = Pipeline.parse([{"op": "late_flights", "minutes": 30, "carrier": "UA"}], ["df"], catalogue)
    result = pipeline.run({"df": frame}, context=Context(report_progress=seen.append))
    assert records(result) == [{"carrier": "UA", "dep_delay": 45.0}]
    assert seen == [0.5]
    direct = sys.modules["examples.transforms"].late_flights(frame, context=Context(), minutes=90)
    assert direct["carrier"].tolist() == ["AA"]


@pytest.fixture
def module(tmp_path, monkeypatch):
    monkeypatch.syspath_prepend(str(tmp_path))
    written = []

    def write(text):
        name = f"own_transforms_{len(written)}_{tmp_path.name.replace('-', '_')}"
        (tmp_path / f"{name}.py").write_text("import pandas as pd\nfrom jobs import Context, transform\n" + text)
        written.append(name)
        return name

    yield write
    for name in written:
        sys.modules.pop(name, None)


def run_own(name, step, frame, **others):
    return Pipeline.parse([step], ["df"], load_catalogue([name])).run({"df": frame}, **others)


def test_arguments_are_checked_like_those_of_any_op(module):
    name = module(
        "@transform\ndef keep(df, n: int, schema: str = 'x', *, on: list[str] | None = None):\n    return df.head(n)\n"
    )
    frame = pd.DataFrame({"a": [1, 2]})
    assert len(run_own(name, {"op": "keep", "n": 1, "schema": "y", "on": ["a"]}, frame)) == 1
    for step, error, pointer in (
        ({"n": True}, ArgumentInvalid, "/n"),
        ({"n": 1, "schema": 5}, ArgumentInvalid, "/schema"),
        ({}, ArgumentInvalid, "/n"),
        ({"n": 1, "shema": "y"}, ArgumentUnknown, "/shema"),
    ):
        with pytest.raises(error) as caught:
            run_own(name, {"op": "keep", **step}, frame)
        assert caught.value.places[0].pointer == "/pipeline/0" + pointer


def test_what_a_function_returns_is_made_plain_and_its_input_stays(module):
    name = module(
        "@transform\ndef totals(df):\n    df['x'] = 1\n    return df.groupby('k').sum()\n"
        "@transform\ndef wide(df):\n    return df.groupby('k').agg({'v': ['min', 'max']})\n"
        "@transform\ndef nothing(df):\n    df.sort_values('v')\n"
    )
    frame = pd.DataFrame({"k": ["a", "a"], "v": [1, 2]})
    assert records(run_own(name, {"op": "totals"}, frame)) == [{"k": "a", "v": 3, "x": 2}]
    assert list(run_own(name, {"op": "wide"}, frame).columns) == ["k", "v_min", "v_max"]
    assert list(frame.columns) == ["k", "v"]
    with pytest.raises(StepFailed, match="should return a DataFrame, not NoneType"):
        run_own(name, {"op": "nothing"}, frame)


def test_failures_of_a_function_keep_their_own_type_and_message(module):
    name = module(
        "@transform\ndef fail(df, how: str):\n"
        "    if how == 'column':\n        return df['regoin']\n"
        "    if how == 'attribute':\n        return df.regoin\n"
        "    if how == 'own key':\n        return {}['regoin']\n"
        "    if how == 'exit':\n        raise SystemExit(3)\n"
        "    if how == 'deep':\n        return fail(df, how)\n"
        "    raise MemoryError('no more')\n"
    )
    frame = pd.DataFrame({"region": [1]})
    for how in ("column", "attribute"):
        with pytest.raises(ColumnUnknown, match="did you mean 'region'"):
            run_own(name, {"op": "fail", "how": how}, frame)
    for how, text in (
        ("own key", "KeyError: 'regoin'"),
        ("exit", "SystemExit: 3"),
        ("memory", "MemoryError: no more"),
        ("deep", "RecursionError"),
    ):
        with pytest.raises(StepFailed, match=text):
            run_own(name, {"op": "fail", "how": how}, frame)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("raise OSError('no licence\\nfile')", "fails to import: OSError: no licence file"),
        ("raise SystemExit(1)", "fails to import: SystemExit: 1"),
        ("@transform\ndef head(df):\n    return df\n", "the op name 'head' is taken by framequeue"),
        ("@transform\ndef f(df, x: Unknown):\n    return df\n", "Unknown"),
        ("@transform\ndef f(df, **more):\n    return df\n", "spell them out"),
        ("x = 1", "has no function marked with @transform"),
    ],
)
def test_what_is_wrong_with_a_module_is_one_clear_line(module, text, message):
    name = module(text)
    with pytest.raises(CatalogueError) as caught:
        load_catalogue([name])
    assert message in str(caught.value)
    assert name in str(caught.value)
    assert "\n" not in str(caught.value)


def test_a_module_that_is_not_there():
    with pytest.raises(CatalogueError, match=r"'no_such_module' fails to import: ModuleNotFoundError.*PYTHONPATH"):
        load_catalogue(["no_such_module"])


def test_a_marked_function_is_still_the_function():
    @transform
    def double(df: pd.DataFrame, times: int = 2) -> pd.DataFrame:
        """Repeat."""
        return pd.concat([df] * times)

    assert len(double(pd.DataFrame({"a": [1]}), times=3)) == 3


def _assigns(df: pd.DataFrame) -> pd.DataFrame:
    df.loc[0, "a"] = 10
    df.iloc[1, 0] = 20
    df["a"] += 1
    df.loc[df["f"] > 1, "f"] = 0.0
    df.at[0, "s"] = "changed"
    df.loc[1, "n"] = 5
    df["new"] = df["a"] * 2
    return df


def test_a_users_transform_may_assign_to_its_frame_and_the_input_stays():
    table = pa.table({"a": [1, 2, 3], "f": [1.0, 2.0, 3.0], "s": ["x", "y", "z"], "n": [1, None, 3]})
    frame = to_pandas(table)  # its columns are read-only views of the table
    catalogue = Catalogue({"assigns": model_of(Declaration("assigns", _assigns))})
    result = Pipeline.parse([{"op": "assigns"}, {"op": "assigns"}], ["df"], catalogue).run({"df": frame})
    assert result["a"].tolist() == [11, 21, 5]
    assert result["f"].tolist() == [1.0, 0.0, 0.0]
    assert result["s"].tolist() == ["changed", "y", "z"]
    assert result["n"].tolist() == [1, 5, 3]
    assert result["new"].tolist() == [22, 42, 10]
    assert table.to_pydict() == {"a": [1, 2, 3], "f": [1.0, 2.0, 3.0], "s": ["x", "y", "z"], "n": [1, None, 3]}
