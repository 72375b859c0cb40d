"""merge and concat: pandas' rows and order, integers that stay integers, and sizes known beforehand."""

import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from jobs.errors import ArgumentInvalid, ColumnUnknown, FramequeueError, OutputTooLarge, StepFailed
from jobs.pipeline import Pipeline
from jobs.transforms.combine import joins
from tests.unit.transforms.frames import CATALOGUE, frames, run

same = pd.testing.assert_frame_equal
_KEYS = ("int64", "float64", "str", "Int64")
BIG = 2**62 + 1


@st.composite
def sides(draw):
    key = (draw(st.sampled_from(_KEYS)),)
    left = draw(frames(names=("k",), dtypes=key))
    right = draw(frames(names=("k",), dtypes=key))
    return left.assign(a=range(len(left)), v=1.5), right.assign(b=range(len(right)), v=2.5, t="x")


def _as_objects(frame):
    """The cells without their dtypes, each null as None: pandas' own join makes floats of integers that gain nulls."""
    return [[None if pd.isna(cell) else cell for cell in row] for row in frame.astype(object).to_numpy()]


def _keys(frame):
    """The keys; a null matches a null, as in pandas' joins."""
    return [None if pd.isna(key) else key for key in frame["k"]]


@settings(max_examples=40, deadline=None)
@given(sides(), st.sampled_from(["inner", "left", "right", "outer"]), st.booleans())
def test_merge_has_pandas_rows_and_whole_numbers(pair, how, sort):
    left, right = pair
    result = run(left, {"op": "merge", "right": "r", "on": "k", "how": how, "sort": sort}, r=right)
    wanted = left.merge(right, on="k", how=how, sort=sort)
    assert list(result.columns) == list(wanted.columns)
    assert _as_objects(result) == _as_objects(wanted)
    assert {str(result[name].dtype) for name in ("a", "b")} <= {"int64", "Int64"}
    for name in ("a", "b"):
        assert (result[name].dtype == "Int64") == (bool(wanted[name].isna().any()))


@settings(max_examples=40, deadline=None)
@given(sides())
def test_semi_and_anti_joins_part_the_rows(pair):
    left, right = pair
    ours, theirs = _keys(left), _keys(right)
    matched = pd.Series([key in theirs for key in ours], dtype=bool)
    for how, wanted in (("semi", left[matched]), ("left_anti", left[~matched])):
        same(run(left, {"op": "merge", "right": "r", "on": "k", "how": how}, r=right), wanted.reset_index(drop=True))
    wanted = right[pd.Series([key not in ours for key in theirs], dtype=bool)].reset_index(drop=True)
    same(run(left, {"op": "merge", "right": "r", "on": "k", "how": "right_anti"}, r=right), wanted)


@settings(max_examples=40, deadline=None)
@given(sides(), st.sampled_from(["inner", "left", "right", "outer"]))
def test_the_size_of_a_join_is_known_before_it_is_made(pair, how):
    left, right = pair
    rows = len(left.merge(right, on="k", how=how))
    joins.check_output(left, right, ["k"], ["k"], how, rows)
    if rows:
        with pytest.raises(OutputTooLarge, match=f"{rows} rows"):
            joins.check_output(left, right, ["k"], ["k"], how, rows - 1)


def test_keys_of_different_names_and_integers_beyond_floats():
    left, right = pd.DataFrame({"a": [1, 2]}), pd.DataFrame({"b": [2, 3], "n": [BIG, 1], "yes": [True, False]})
    step = {"op": "merge", "right": "r", "left_on": "a", "right_on": "b", "how": "left"}
    result = run(left, step, r=right)
    assert {name: str(dtype) for name, dtype in result.dtypes.items()} == {
        "a": "int64", "b": "Int64", "n": "Int64", "yes": "boolean",
    }  # fmt: skip
    assert result["n"].tolist() == [pd.NA, BIG]


def test_outer_keys_stay_exact():
    left, right = pd.DataFrame({"k": [BIG]}), pd.DataFrame({"k": [BIG + 2]})
    result = run(left, {"op": "merge", "right": "r", "how": "outer"}, r=right)
    assert result["k"].dtype == "int64"
    assert result["k"].tolist() == [BIG, BIG + 2]


def test_cross_suffixes_indicator_and_validate():
    left, right = pd.DataFrame({"k": [1, 2], "v": [1, 2]}), pd.DataFrame({"k": [2, 2], "v": [3, 4]})
    same(run(left, {"op": "merge", "right": "r", "how": "cross"}, r=right), left.merge(right, how="cross"))
    step = {"op": "merge", "right": "r", "on": "k", "suffixes": ["", "_r"], "indicator": "side"}
    same(run(left, step, r=right), left.merge(right, on="k", suffixes=("", "_r"), indicator="side"))
    with pytest.raises(StepFailed, match="not a one-to-one merge"):
        run(left, {"op": "merge", "right": "r", "on": "k", "validate": "1:1"}, r=right)


@pytest.mark.parametrize("how", ["cross", "inner", "left", "outer", "right"])
def test_a_join_that_would_explode_is_refused_before_it_is_made(how):
    frame = pd.DataFrame({"k": [1] * 2000})
    step = {"op": "merge", "from": "df", "right": "df", "how": how} | ({} if how == "cross" else {"on": "k"})
    with pytest.raises(OutputTooLarge, match="4,000,000 rows, and the limit is 10,000"):
        Pipeline.parse([step], ["df"], CATALOGUE).run({"df": frame}, max_rows=10_000)


@pytest.mark.parametrize(
    ("step", "error", "pointer"),
    [
        ({"on": ["k", "x"]}, ColumnUnknown, "/on/1"),
        ({"left_on": "x", "right_on": "k"}, ColumnUnknown, "/left_on"),
        ({"left_on": "k"}, ArgumentInvalid, "/left_on"),
        ({"on": "k", "left_on": "k"}, ArgumentInvalid, "/left_on"),
        ({"on": "k", "how": "cross"}, ArgumentInvalid, "/on"),
        ({"left_on": ["k"], "right_on": ["k", "v"]}, ArgumentInvalid, "/right_on"),
        ({"suffixes": ["_x"]}, ArgumentInvalid, "/suffixes/1"),
        ({"how": "semi", "right": "nope"}, FramequeueError, "/right"),
    ],
)
def test_what_is_wrong_is_pointed_at(step, error, pointer):
    frame = pd.DataFrame({"k": [1], "v": [1]})
    with pytest.raises(error) as caught:
        run(frame, {"op": "merge", "right": "r", **step}, r=frame)
    assert [place.pointer for place in caught.value.places] == ["/pipeline/0" + pointer]


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
