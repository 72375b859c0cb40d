"""concat: pandas' rows and columns, integers that stay integers, and sizes known beforehand."""

import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from jobs.errors import OutputTooLarge
from jobs.pipeline import Pipeline
from tests.unit.transforms.frames import CATALOGUE, frames, run

same = pd.testing.assert_frame_equal
BIG = 2**62 + 1


@settings(max_examples=30, deadline=None)
@given(frames(), frames(), st.sampled_from(["outer", "inner"]))
def test_concat_is_pandas(one, two, join):
    wanted = pd.concat([one, two], join=join, ignore_index=True)
    same(run(one, {"op": "concat", "frames": ["r"], "join": join}, r=two), wanted)


def test_concat_of_frames_that_lack_columns_keeps_integers():
    one, two = pd.DataFrame({"a": [BIG], "f": [True]}), pd.DataFrame({"b": [1]})
    result = run(one, {"op": "concat", "frames": ["r"]}, r=two)
    assert {name: str(dtype) for name, dtype in result.dtypes.items()} == {"a": "Int64", "f": "boolean", "b": "Int64"}
    assert result["a"].tolist() == [BIG, pd.NA]
    same(run(one, {"op": "concat", "frames": ["r"]}, r=two.iloc[:0])[["a", "f"]], one)


def test_concat_side_by_side():
    one, two = pd.DataFrame({"a": [1, BIG]}), pd.DataFrame({"b": [7]})
    result = run(one, {"op": "concat", "frames": ["r"], "axis": 1}, r=two)
    assert result["b"].dtype == "Int64"
    assert result["b"].tolist() == [7, pd.NA]


def test_concat_checks_the_row_limit_first():
    step = {"op": "concat", "frames": ["df", "df"]}
    with pytest.raises(OutputTooLarge, match="6 rows"):
        Pipeline.parse([step], ["df"], CATALOGUE).run({"df": pd.DataFrame({"a": [1, 2]})}, max_rows=5)
