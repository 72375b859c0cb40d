"""Scripts of generated steps: where a pipeline gives a result, its script gives the same."""

from typing import Any

import pandas as pd
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from jobs.errors import FramequeueError
from jobs.pipeline import Pipeline
from jobs.transforms.catalogue import Catalogue
from tests.unit.script.running import assert_same, executed, scripted
from tests.unit.transforms.steps import STEPS

CATALOGUE = Catalogue()
OPS = (
    "query", "head", "tail", "slice", "sort_values", "nlargest", "drop_duplicates", "dropna", "select", "rename",
    "drop", "set_axis", "reindex", "fillna", "rank", "cumsum", "cummax", "sum", "mean", "min", "count", "nunique",
    "idxmax", "value_counts", "groupby",
)  # fmt: skip
FRAMES = {
    "nulls": {"k": ["a", None, "b", "a", "x", "b"], "v": [1.5, None, 0.0, 2.0, -2.25, 1.5], "w": [1, 2, 0, -3, 2, 2]},
    "whole": {"k": ["a", "b", "b", "a", "x", "b"], "v": [1, 2, 0, 5, 2, 2], "w": [0.5, 1.0, 2.0, 0.0, 0.25, 9.0]},
    "times": {
        "k": [3, 1, 1, 2, 3, 3],
        "v": pd.array([1, None, 0, 5, 2, 2], dtype="Int64"),
        "w": pd.to_datetime(["2024-01-31", None, "1999-12-31", "2024-01-31", "2024-02-01", "2024-02-02"]),
    },
}


@pytest.mark.parametrize("op", [op for op in OPS if op in STEPS])
@settings(max_examples=12, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.data())
def test_a_script_gives_what_its_step_gives(op: str, data: st.DataObject) -> None:
    step: dict[str, Any] = {"from": "df", **data.draw(STEPS[op])}
    names = data.draw(st.permutations(sorted(FRAMES)))
    frames = {"df": pd.DataFrame(FRAMES[names[0]]), "other": pd.DataFrame(FRAMES[names[1]])}
    try:
        expected = Pipeline.parse([step], list(frames), CATALOGUE).run(frames)
    except FramequeueError:
        return  # what a pipeline refuses has no result to compare with
    assert_same(executed(scripted([step], list(frames), CATALOGUE), frames), expected)
