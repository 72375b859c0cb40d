"""Columns by formulas and by dtypes: as the plain pandas call answers."""

import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from jobs.errors import ArgumentInvalid, ColumnUnknown, ExpressionError, StepFailed
from tests.unit.transforms.frames import any_frames, frames, run

same = pd.testing.assert_frame_equal
few = settings(max_examples=40)


@few
@given(frames(dtypes=("float64",)))
def test_eval_of_several_lines_as_pandas(frame):
    text = "x = k + v\n\n  y = x * 2 - w\nk = -y\nx = k >= 1"
    same(run(frame, {"op": "eval", "expr": text}), frame.eval(text.replace("\n\n", "\n")))


@few
@given(frames(dtypes=("float64", "int64")))
def test_eval_of_one_expression_gives_a_frame_of_its_own(frame):
    same(run(frame, {"op": "eval", "expr": "k * 2"}), (frame["k"] * 2).to_frame("eval"))
    same(run(frame, {"op": "eval", "expr": "k == v"}), (frame["k"] == frame["v"]).to_frame("eval"))
    made = run(frame, {"op": "eval", "expr": "k.count() + 1"})
    assert made.to_dict("list") == {"eval": [frame["k"].count() + 1]}


def test_eval_names_columns_with_spaces_and_tells_what_is_wrong():
    frame = pd.DataFrame({"unit price": [2.0], "n": [3]})
    made = run(frame, {"op": "eval", "expr": "`net price` = `unit price` * n\nn = n + 1\nn = n + 1"})
    assert made.to_dict("list") == {"unit price": [2.0], "n": [5], "net price": [6.0]}
    with pytest.raises(ColumnUnknown, match="did you mean 'n'") as caught:
        run(frame, {"op": "eval", "expr": "x = nn + 1"})
    assert caught.value.places[0].pointer == "/pipeline/0/expr"
    for text in ("", "a = 1\n2", "x = "):
        with pytest.raises((ArgumentInvalid, ExpressionError)) as refused:
            run(frame, {"op": "eval", "expr": text})
        assert refused.value.places[0].pointer == "/pipeline/0/expr"


@few
@given(any_frames())
def test_convert_dtypes(frame):
    made = run(frame, {"op": "convert_dtypes"})
    assert list(made.columns) == list(frame.columns)
    for place in range(frame.shape[1]):
        old, new = frame.iloc[:, place], made.iloc[:, place]
        assert [None if pd.isna(cell) else cell for cell in new] == [None if pd.isna(cell) else cell for cell in old]
        if not isinstance(old.dtype, pd.ArrowDtype | pd.StringDtype):
            plain = str(old.convert_dtypes().dtype)
            assert str(new.dtype) == {"Float64": "float64", "Float32": "float32", "string": "str"}.get(plain, plain)
    same(run(frame, {"op": "infer_objects"}), frame.infer_objects())


@few
@given(
    any_frames(),
    st.sampled_from(["number", "bool", "str", "category", "datetime", "datetimetz", "timedelta", "float64"]),
)
def test_select_dtypes(frame, kind):
    plain = frame.select_dtypes([kind, "boolean"] if kind == "bool" else kind)
    same(run(frame, {"op": "select_dtypes", "include": kind}), plain)
    plain = frame.select_dtypes(exclude=[kind, "boolean"] if kind == "bool" else kind)
    same(run(frame, {"op": "select_dtypes", "exclude": [kind]}), plain)


def test_a_dtype_with_nulls_and_without_is_one():
    frame = pd.DataFrame({"a": [1, 2], "b": pd.array([1, None], "Int64"), "c": ["x", "y"]})
    for name in ("int64", "Int64"):
        assert list(run(frame, {"op": "select_dtypes", "include": name})) == ["a", "b"]
    assert list(run(frame, {"op": "select_dtypes", "include": "object"})) == ["c"]
    for arguments, at in (
        ({}, ""),
        ({"include": ["nmuber"]}, "/include/0"),
        ({"include": "str", "exclude": "str"}, ""),
    ):
        with pytest.raises(ArgumentInvalid) as caught:
            run(frame, {"op": "select_dtypes", **arguments})
        assert caught.value.places[0].pointer.startswith("/pipeline/0" + at)


def test_a_row_that_is_not_there_cannot_be_dropped():
    with pytest.raises(StepFailed, match="no row 7 among 1") as caught:
        run(pd.DataFrame({"a": [1]}), {"op": "drop", "index": [0, 7]})
    assert caught.value.places[0].pointer == "/pipeline/0/index/1"
