"""Rows: each op answers as the plain pandas call does."""

import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from jobs.errors import ArgumentInvalid, ColumnAmbiguous, ColumnUnknown
from tests.unit.transforms.frames import frames, run

same = pd.testing.assert_frame_equal
quick = settings(max_examples=25, deadline=None)


@quick
@given(frames(), st.integers(-8, 8))
def test_head_and_tail(frame, n):
    same(run(frame, {"op": "head", "n": n}), frame.head(n).reset_index(drop=True))
    same(run(frame, {"op": "tail", "n": n}), frame.tail(n).reset_index(drop=True))


@quick
@given(frames(), st.none() | st.integers(-8, 8), st.none() | st.integers(-8, 8))
def test_slice(frame, start, stop):
    same(run(frame, {"op": "slice", "start": start, "stop": stop}), frame.iloc[start:stop].reset_index(drop=True))


@quick
@given(frames(names=("k", "v")), st.booleans(), st.booleans(), st.sampled_from(["first", "last"]))
def test_sort_values(frame, first, second, na_position):
    step = {"op": "sort_values", "by": ["k", "v"], "ascending": [first, second], "na_position": na_position}
    wanted = frame.sort_values(["k", "v"], ascending=[first, second], na_position=na_position, ignore_index=True)
    same(run(frame, step), wanted)


@quick
@given(frames(), st.sampled_from(["first", "last", False]), st.sampled_from([None, "k", ["k", "v"]]))
def test_drop_duplicates(frame, keep, subset):
    step = {"op": "drop_duplicates", "keep": keep, "subset": subset}
    same(run(frame, step), frame.drop_duplicates(subset, keep=keep, ignore_index=True))


@quick
@given(frames(), st.sampled_from([{}, {"how": "all"}, {"thresh": 2}, {"subset": ["k"]}, {"subset": "v", "how": "any"}]))
def test_dropna(frame, arguments):
    same(run(frame, {"op": "dropna", **arguments}), frame.dropna(**arguments, ignore_index=True))


def test_dropna_of_columns():
    frame = pd.DataFrame({"a": [1.0, None], "b": [1, 2]})
    same(run(frame, {"op": "dropna", "axis": "columns"}), frame[["b"]])


@quick
@given(frames(dtypes=("int64", "float64", "Int64")), st.integers(0, 4), st.sampled_from(["first", "last", "all"]))
def test_nlargest_and_nsmallest(frame, n, keep):
    for op in ("nlargest", "nsmallest"):
        wanted = getattr(frame, op)(n, ["v", "w"], keep=keep).reset_index(drop=True)
        same(run(frame, {"op": op, "n": n, "columns": ["v", "w"], "keep": keep}), wanted)


@quick
@given(frames(dtypes=("int64", "float64")))
def test_query_keeps_the_true_rows(frame):
    same(run(frame, {"op": "query", "expr": "v > w"}), frame[frame.v > frame.w].reset_index(drop=True))


def test_query_takes_null_for_not_true():
    frame = pd.DataFrame({"v": pd.array([1, None, 3], dtype="Int64")})
    assert run(frame, {"op": "query", "expr": "v > 1"})["v"].tolist() == [3]


@pytest.mark.parametrize(
    ("step", "pointer"),
    [
        ({"op": "query", "expr": "amuont > 1"}, "/pipeline/0/expr"),
        ({"op": "sort_values", "by": ["amount", "amuont"]}, "/pipeline/0/by/1"),
        ({"op": "sort_values", "by": "amuont"}, "/pipeline/0/by"),
        ({"op": "drop_duplicates", "subset": ["amuont"]}, "/pipeline/0/subset/0"),
        ({"op": "dropna", "subset": "amuont"}, "/pipeline/0/subset"),
        ({"op": "nlargest", "n": 1, "columns": "amuont"}, "/pipeline/0/columns"),
    ],
)
def test_an_unknown_column_is_pointed_at_with_a_suggestion(step, pointer):
    with pytest.raises(ColumnUnknown, match="did you mean 'amount'") as caught:
        run(pd.DataFrame({"amount": [1]}), step)
    assert caught.value.places[0].pointer == pointer
    assert caught.value.column == "amuont"


def test_a_name_that_two_columns_have_cannot_be_sorted_by():
    frame = pd.DataFrame([[1, 2]], columns=["a", "a"])
    with pytest.raises(ColumnAmbiguous):
        run(frame, {"op": "sort_values", "by": "a"})
    same(run(frame, {"op": "head"}), frame)


@pytest.mark.parametrize(
    ("step", "pointer"),
    [
        ({"op": "head", "n": True}, "/pipeline/0/n"),
        ({"op": "head", "n": "5"}, "/pipeline/0/n"),
        ({"op": "head", "n": 1.5}, "/pipeline/0/n"),
        ({"op": "sort_values", "by": ["a"], "ascending": 1}, "/pipeline/0/ascending"),
        ({"op": "sort_values", "by": ["a"], "ascending": [True, False]}, "/pipeline/0/ascending"),
        ({"op": "sort_values", "by": []}, "/pipeline/0/by"),
        ({"op": "dropna", "how": "any", "thresh": 1}, "/pipeline/0/thresh"),
        ({"op": "drop_duplicates", "keep": True}, "/pipeline/0/keep"),
    ],
)
def test_wrong_arguments_are_found_when_parsed(step, pointer):
    with pytest.raises(ArgumentInvalid) as caught:
        run(pd.DataFrame({"a": [1]}), step)
    assert [place.pointer for place in caught.value.places] == [pointer]
