"""Steps made to be slow or wrong: bounded in time, refused when parsed where no data is needed, clear errors else."""

import time
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest

from jobs.errors import ArgumentInvalid, ArgumentUnknown, DtypeUnsuitable
from jobs.pipeline import Pipeline
from tests.unit.transforms.frames import CATALOGUE, run


@pytest.mark.parametrize(
    ("step", "error"),
    [
        ({"op": "head", **{f"k{number}": 1 for number in range(100_000)}}, ArgumentUnknown),
        ({"op": "rename", "columns": {f"k{number}": 1 for number in range(100_000)}}, ArgumentInvalid),
        ({"op": "groupby", "by": "a", "agg": {"x": ["a", "sum", {"/" * 10**6: 1}]}}, ArgumentUnknown),
    ],
    ids=["arguments", "names", "slashes"],
)
def test_many_problems_are_told_in_bounded_time_and_number(step: dict[str, Any], error: type[Exception]) -> None:
    start = time.process_time()
    with pytest.raises(error) as caught:
        Pipeline.parse([step], ["df"], CATALOGUE)
    assert time.process_time() - start < 10  # of the processor: other work on the machine does not count
    assert len(caught.value.places) <= 100  # type: ignore[attr-defined]  # an error of ours


def test_thousands_of_columns_are_assigned_at_once() -> None:
    chain = {f"k{number}": f"k{number - 1} + 1" if number else "a" for number in range(3_000)}
    frame = pd.DataFrame({"a": [1, 2], "k5": ["x", "y"], "z": [0, 0]})
    start = time.process_time()
    result = run(frame, {"op": "assign", "columns": chain})
    assert time.process_time() - start < 12
    assert list(result.columns[:4]) == ["a", "k5", "z", "k0"]
    assert result["k2999"].tolist() == [3000, 3001]
    assert result["k5"].tolist() == [6, 7]


def test_wide_frames_are_described_as_narrow_ones() -> None:
    frame = pd.DataFrame(np.random.default_rng(1).normal(size=(9, 300))).rename(columns=str)
    frame["7"] = range(9)
    frame.loc[3, "9"] = None
    frame["word"] = "x"
    for percentiles in (None, [0.9, 0.1]):
        given = {} if percentiles is None else {"percentiles": percentiles}
        result = run(frame, {"op": "describe", **given})
        expected = frame.describe(percentiles=percentiles)
        assert result["index"].tolist() == expected.index.tolist()
        pd.testing.assert_frame_equal(result.drop(columns="index"), expected.reset_index(drop=True))


@pytest.mark.parametrize(
    ("arguments", "pointer"),
    [
        ({"percentiles": [0.5, 2]}, "/pipeline/0/percentiles/1"),
        ({"percentiles": [0.5, 0.5]}, "/pipeline/0/percentiles"),
        ({"include": ["number", "nmuber"]}, "/pipeline/0/include/1"),
        ({"include": "all", "exclude": ["number"]}, "/pipeline/0/exclude"),
        ({"include": ["number"], "exclude": ["number"]}, "/pipeline/0/exclude"),
    ],
)
def test_describe_is_checked_when_parsed(arguments: dict[str, Any], pointer: str) -> None:
    with pytest.raises(ArgumentInvalid) as caught:
        Pipeline.parse([{"op": "describe", **arguments}], ["df"], CATALOGUE)
    assert caught.value.places[0].pointer == pointer


_FRAME = pd.DataFrame(
    {"n": [1, 2], "s": ["a", "b"], "l": pd.Series([[1], [2]], dtype=pd.ArrowDtype(pa.list_(pa.int64())))}
)


@pytest.mark.parametrize(
    ("step", "pointer", "column"),
    [
        ({"op": "nlargest", "n": 1, "columns": "s"}, "/pipeline/0/columns", "s"),
        ({"op": "nsmallest", "n": 1, "columns": ["n", "s"]}, "/pipeline/0/columns/1", "s"),
        ({"op": "describe", "include": "all"}, "/pipeline/0", "l"),
        ({"op": "groupby", "by": "n", "agg": {"m": ["s", "mean"]}}, "/pipeline/0/agg/m/0", "s"),
    ],
)
def test_what_a_column_cannot_do_is_said_of_it(step: dict[str, Any], pointer: str, column: str) -> None:
    with pytest.raises(DtypeUnsuitable) as caught:
        run(_FRAME, step)
    assert (caught.value.places[0].pointer, caught.value.column) == (pointer, column)


def test_a_frame_without_columns_has_nothing_to_describe() -> None:
    with pytest.raises(DtypeUnsuitable, match="no column"):
        run(pd.DataFrame(index=pd.RangeIndex(2)), {"op": "describe"})
