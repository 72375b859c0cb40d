"""Every op has a way to be written, and what is written gives what the op gives."""

import pandas as pd
import pytest

from jobs.pipeline import Pipeline
from jobs.script.table import RENDERERS
from jobs.transforms.catalogue import BUILTIN, Catalogue
from tests.unit.script.running import assert_same, executed, frames_of, scripted


def test_every_op_is_written() -> None:
    assert sorted(BUILTIN.keys() - RENDERERS.keys()) == []


@pytest.mark.parametrize("op", [op for op, transform in BUILTIN.items() if transform.example])
def test_the_script_of_an_example_gives_its_result(op: str) -> None:
    example = BUILTIN[op].example
    assert example is not None
    frames = frames_of(example.inputs)
    script = scripted(example.pipeline, list(frames))
    expected = Pipeline.parse(example.pipeline, list(frames), Catalogue()).run(frames)
    assert_same(executed(script, frames), expected)


def test_each_check_says_what_it_found() -> None:
    steps = [{"op": "expect", "schema": {"a": {"ge": 3, "unique": True}}, "strict": True, "unique": ["a"]}]
    script = scripted(steps, ["df"])
    checks = [line for line in script.steps if line.startswith("assert ")]
    assert len(checks) == 6
    assert 'assert df["a"].dropna().ge(3).all(), "a fails ge"' in checks
    assert all(", " in check and check.endswith('"') for check in checks)
    assert "df = df" not in script.steps
    with pytest.raises(AssertionError, match="a fails ge"):
        executed(script, {"df": pd.DataFrame({"a": [1, 5]})})
    with pytest.raises(AssertionError, match="there are other columns"):
        executed(script, {"df": pd.DataFrame({"a": [3, 5], "b": 1})})


def test_infinities_are_written_so_that_they_run() -> None:
    infinity = float("inf")
    steps = [
        {"op": "fillna", "value": {"b": -infinity}},
        {"op": "cut", "column": "a", "bins": [-infinity, 1.5, infinity], "labels": False, "into": "side"},
    ]
    frames = {"df": pd.DataFrame({"a": [1.0, 2.0], "b": [1.0, None]})}
    result = executed(scripted(steps, ["df"]), frames)
    assert result["b"].tolist() == [1.0, -infinity]
    assert result["side"].tolist() == [0, 1]
