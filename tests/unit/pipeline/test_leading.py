"""Conditions that come first are applied together while an input is read, where that is the same."""

from typing import Any

import pytest

from jobs.pipeline import Pipeline
from jobs.transforms.catalogue import Catalogue

SELECT = {"op": "select", "columns": ["a", "k"]}


@pytest.mark.parametrize(
    ("steps", "applied", "kept"),
    [
        ([{"expr": "a > 1"}, {"expr": "b > 1"}], (0, 1), {"k"}),
        ([{"expr": "a > 1"}, SELECT, {"expr": "a < 9"}, {"expr": "k == 'x'"}], (0, 2, 3), {"a", "k"}),
        ([SELECT, {"expr": "a > 1"}], (1,), {"a", "k"}),
        ([{"expr": "a > a.mean()"}, {"expr": "k == 'x'"}], (0, 1), {"k"}),
        ([{"op": "rename", "columns": {"b": "c"}}, {"expr": "a > 1"}], (1,), {"k"}),
        # what comes between would change what the condition sees, or what has a name
        ([{"expr": "a > 1"}, SELECT, {"expr": "b > 1"}], (0,), {"a", "k"}),
        ([{"expr": "a > 1"}, {"op": "select", "columns": ["a", "a", "k"]}, {"expr": "a < 9"}], (0,), {"a", "k"}),
        ([{"op": "rename", "columns": {"b": "a"}}, {"expr": "a > 1"}], (), None),
        ([{"expr": "a > 1"}, {"op": "head"}, {"expr": "b > 1"}], (0,), {"b", "k"}),
        ([{"expr": "a > 1", "save": "all"}, {"expr": "b > 1"}], (0,), {"b", "k"}),
        ([{**SELECT, "save": "all"}, {"expr": "a > 1"}], (), None),
        ([{"expr": "a > 1"}, {"expr": "b > 1", "from": "df"}], (), None),
    ],
)
def test_conditions_that_come_first_are_applied_together(
    steps: list[dict[str, Any]], applied: tuple[int, ...], kept: set[str] | None
) -> None:
    given = [{"op": "query", **one} for one in steps]
    found = Pipeline.parse(
        [*given, {"op": "groupby", "by": "k", "agg": {"n": [None, "size"]}}], ["df"], Catalogue()
    ).readings["df"]
    assert found.steps == applied
    if applied:
        assert found.kept == kept
