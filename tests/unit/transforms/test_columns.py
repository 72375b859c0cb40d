"""Columns and values: each op answers as the plain pandas call does."""

from decimal import Decimal

import pandas as pd
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from jobs.errors import ArgumentInvalid, ColumnUnknown, DtypeUnsuitable
from jobs.pipeline import failure_details
from tests.unit.transforms.frames import frames, run

same = pd.testing.assert_frame_equal
quick = settings(max_examples=25, deadline=None)


@quick
@given(frames())
def test_select_drop_and_rename(frame):
    same(run(frame, {"op": "select", "columns": ["w", "k"]}), frame[["w", "k"]])
    same(run(frame, {"op": "drop", "columns": "v"}), frame.drop(columns="v"))
    same(run(frame, {"op": "rename", "columns": {"v": "k", "x": "y"}}), frame.rename(columns={"v": "k", "x": "y"}))


def test_drop_rows_by_position():
    frame = pd.DataFrame({"a": [1, 2, 3]})
    assert run(frame, {"op": "drop", "index": [0, 2]})["a"].tolist() == [2]


@quick
@given(frames(dtypes=("int64", "float64")))
def test_assign_in_written_order(frame):
    step = {"op": "assign", "columns": {"v": "v / 2", "x": "v + k"}}
    same(run(frame, step), frame.assign(v=frame.v / 2).assign(x=lambda f: f.v + f.k))


@pytest.mark.parametrize(
    ("step", "pointer"),
    [
        ({"op": "select", "columns": ["a", "amuont"]}, "/pipeline/0/columns/1"),
        ({"op": "drop", "columns": ["amuont"]}, "/pipeline/0/columns/0"),
        ({"op": "rename", "columns": {"amuont": "b"}, "errors": "raise"}, "/pipeline/0/columns/amuont"),
        ({"op": "assign", "columns": {"net": "amuont * 2"}}, "/pipeline/0/columns/net"),
        ({"op": "astype", "dtype": {"amuont": "int64"}}, "/pipeline/0/dtype/amuont"),
        ({"op": "fillna", "value": {"amuont": 1}}, "/pipeline/0/value/amuont"),
    ],
)
def test_an_unknown_column_is_pointed_at(step, pointer):
    with pytest.raises(ColumnUnknown, match="did you mean 'amount'") as caught:
        run(pd.DataFrame({"a": [1], "amount": [2]}), step)
    assert caught.value.places[0].pointer == pointer


def test_unknown_names_can_be_ignored():
    frame = pd.DataFrame({"a": [1]})
    same(run(frame, {"op": "drop", "columns": ["x"], "errors": "ignore"}), frame)


@pytest.mark.parametrize("dtype", ["float64", "Int64", "str", "category", "object", "bool", "int32", "Float64"])
def test_astype_is_pandas(dtype):
    frame = pd.DataFrame({"a": [0, 1, 5], "b": [1, 0, 2]})
    same(run(frame, {"op": "astype", "dtype": {"a": dtype}}), frame.astype({"a": dtype}))
    same(run(frame, {"op": "astype", "dtype": dtype}), frame.astype(dtype))


def test_astype_to_what_only_arrow_has():
    result = run(pd.DataFrame({"a": ["1.10", None]}), {"op": "astype", "dtype": {"a": "decimal128(12, 2)"}})
    assert result["a"].dtype == pd.ArrowDtype(pa.decimal128(12, 2))
    assert result["a"][0] == Decimal("1.10")
    assert result["a"].isna().tolist() == [False, True]


def test_astype_says_which_row_does_not_fit_and_keeps_it_for_the_report():
    frame = pd.DataFrame({"n": ["1", "2", "3", "x4", "5"] + ["6"] * 50})
    with pytest.raises(DtypeUnsuitable, match="row 4 is 'x4'") as caught:
        run(frame, {"op": "astype", "dtype": {"n": "int64"}})
    details = failure_details(caught.value)
    assert details is not None
    assert details.samples == ({"n": "x4"},)
    assert (details.column, details.dtype, details.step, details.op) == ("n", "str", 1, "astype")
    same(run(frame, {"op": "astype", "dtype": {"n": "int64"}, "errors": "ignore"}), frame)


def test_astype_of_nulls_suggests_the_nullable_dtype():
    with pytest.raises(DtypeUnsuitable, match="'Int64' can hold nulls"):
        run(pd.DataFrame({"n": [1.0, None]}), {"op": "astype", "dtype": {"n": "int64"}})


@pytest.mark.parametrize("name", ["in64", "(1000,1000)f8", "S10", "V8", "complex128", "f8,i4", ""])
def test_dtypes_that_no_frame_may_have_are_refused_at_parsing(name):
    with pytest.raises(ArgumentInvalid) as caught:
        run(pd.DataFrame({"a": [1]}), {"op": "astype", "dtype": {"a": name}})
    assert caught.value.places[0].pointer == "/pipeline/0/dtype/a"


@quick
@given(frames(dtypes=("int64", "float64", "Int64")), st.none() | st.integers(1, 2))
def test_fillna(frame, limit):
    same(run(frame, {"op": "fillna", "value": 7, "limit": limit}), frame.fillna(7, limit=limit))
    same(run(frame, {"op": "fillna", "value": {"v": 7}}), frame.fillna({"v": 7}))


def test_fillna_with_what_does_not_fit_names_the_column():
    frame = pd.DataFrame({"n": pd.array([1, None], dtype="Int64")})
    with pytest.raises(DtypeUnsuitable, match="'x' does not fit column 'n' \\(Int64\\)") as caught:
        run(frame, {"op": "fillna", "value": {"n": "x"}})
    assert caught.value.places[0].pointer == "/pipeline/0/value/n"


def test_columns_of_one_name_go_through_ops_that_need_no_name():
    frame = pd.DataFrame([[1.0, None]], columns=["a", "a"])
    same(run(frame, {"op": "fillna", "value": 2.0}), frame.fillna(2.0))
    same(run(frame, {"op": "astype", "dtype": "float32"}), frame.astype("float32"))
    same(run(frame, {"op": "select", "columns": ["a"]}), frame[["a"]])


@quick
@given(frames(dtypes=("int64", "float64")))
def test_describe(frame):
    wanted = frame.describe().reset_index()
    same(run(frame, {"op": "describe"}), wanted.astype({"index": "str"}))


def test_describe_of_text_has_one_type_per_column():
    result = run(pd.DataFrame({"s": ["a", "a", None]}), {"op": "describe"})
    assert result.to_dict("list") == {"index": ["count", "unique", "top", "freq"], "s": ["2", "1", "a", "2"]}
