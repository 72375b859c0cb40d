"""concat, combine_first, update, compare: pandas' rows and values, integers that stay integers, sizes known before."""

from datetime import date
from decimal import Decimal

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from jobs.errors import (
    ArgumentInvalid,
    ColumnAmbiguous,
    ColumnTaken,
    ColumnUnknown,
    DtypeUnsuitable,
    OutputTooLarge,
    StepFailed,
)
from jobs.pipeline import Pipeline
from tests.unit.transforms.frames import CATALOGUE, any_frames, frames, run
from tests.unit.transforms.test_joins import cells, exact, foreign

same = pd.testing.assert_frame_equal
quick = settings(max_examples=25, deadline=None)
BIG = 2**62 + 1


@quick
@given(any_frames(), any_frames(), st.sampled_from(["outer", "inner"]), st.booleans())
def test_concat_is_pandas(one, two, join, sort):
    step = {"op": "concat", "frames": ["r"], "join": join, "sort": sort}
    assume(not any(foreign(one, two, name) for name in one.columns.unique() if name in two.columns))
    try:
        wanted = pd.concat([exact(one), exact(two)], join=join, sort=sort, ignore_index=True)
    except (ValueError, pd.errors.InvalidIndexError, AssertionError):
        with pytest.raises(ColumnAmbiguous):
            run(one, step, r=two)
        return
    try:
        made = run(one, step, r=two)
    except (ColumnAmbiguous, DtypeUnsuitable) as error:
        refused = error
    else:
        refused = None
    if isinstance(refused, DtypeUnsuitable):
        dtypes = {str(dtype) for frame in (one, two) for dtype in frame.loc[:, [refused.column]].dtypes}
        assert len(dtypes) > 1
        assert all(dtype in refused.detail for dtype in dtypes)
        return
    if refused is not None:
        assert not (one.columns.is_unique and two.columns.is_unique)
        return
    assert list(made.columns) == list(wanted.columns)
    for place in range(made.shape[1]):
        ours, theirs = made.iloc[:, place], wanted.iloc[:, place]
        assert [None if pd.isna(cell) else cell for cell in ours] == [None if pd.isna(c) else c for c in theirs]
        if theirs.dtype == object:
            assert ours.dtype != object or ours.isna().all()


@pytest.mark.parametrize("how", [{"join": "inner"}, {"sort": True}])
def test_concat_names_a_column_that_is_there_twice_where_it_has_to_be_found(how):
    twice = pd.DataFrame([[1, 2, 3]], columns=["w", "k", "k"])
    with pytest.raises(ColumnAmbiguous) as caught:
        run(twice, {"op": "concat", "frames": ["r"], **how}, r=twice.copy())
    assert (caught.value.column, caught.value.places[0].pointer) == ("k", "/pipeline/0/frames")
    assert run(twice, {"op": "concat", "frames": ["r"]}, r=twice.copy()).columns.tolist() == ["w", "k", "k"]


def test_concat_of_frames_that_lack_columns_keeps_integers():
    one, two = pd.DataFrame({"a": [BIG], "f": [True]}), pd.DataFrame({"b": [1]})
    result = run(one, {"op": "concat", "frames": ["r"]}, r=two)
    assert {name: str(dtype) for name, dtype in result.dtypes.items()} == {"a": "Int64", "f": "boolean", "b": "Int64"}
    assert result["a"].tolist() == [BIG, pd.NA]
    same(run(one, {"op": "concat", "frames": ["r"]}, r=two.iloc[:0])[["a", "f"]], one)


def arrow(values, type_):
    return pd.DataFrame({"a": pd.array(pa.array(values, type_), dtype=pd.ArrowDtype(type_))})


@pytest.mark.parametrize(
    ("one", "two", "dtype", "values"),
    [
        (pd.DataFrame({"a": [1]}), pd.DataFrame({"a": [None]}, dtype=object), "Int64", [1, None]),
        (pd.DataFrame({"a": [1]}), pd.DataFrame({"a": [1.5]}), "float64", [1.0, 1.5]),
        (pd.DataFrame({"a": [BIG]}), pd.DataFrame({"a": pd.array([None], "Int64")}), "Int64", [BIG, None]),
        (pd.DataFrame({"a": ["x"]}), pd.DataFrame({"a": ["y"]}, dtype="category"), "str", ["x", "y"]),
        (pd.DataFrame({"a": ["x"]}, dtype="category"), pd.DataFrame({"a": ["y"]}, dtype="category"), "str", ["x", "y"]),
        (arrow([Decimal("1.5")], pa.decimal128(3, 1)), arrow([Decimal("0.25")], pa.decimal128(4, 2)),
         "decimal128(4, 2)[pyarrow]", [Decimal("1.50"), Decimal("0.25")]),
        (arrow([date(2024, 1, 31)], pa.date32()), pd.DataFrame({"a": pd.to_datetime(["2024-02-01 12:00"])}),
         "datetime64[us]", [pd.Timestamp("2024-01-31"), pd.Timestamp("2024-02-01 12:00")]),
    ],
)  # fmt: skip
def test_concat_of_dtypes_that_mean_the_same(one, two, dtype, values):
    made = run(one, {"op": "concat", "frames": ["r"]}, r=two)
    assert str(made["a"].dtype) == dtype
    assert [None if pd.isna(cell) else cell for cell in made["a"]] == values


@pytest.mark.parametrize("other", [["x"], [True], pd.to_datetime(["2024-01-31"])])
def test_concat_of_values_that_no_column_holds_is_refused(other):
    with pytest.raises(DtypeUnsuitable, match=r"column 'a' \(int64, .*astype") as caught:
        run(pd.DataFrame({"a": [1]}), {"op": "concat", "frames": ["r"]}, r=pd.DataFrame({"a": other}))
    assert caught.value.places[0].pointer == "/pipeline/0/frames"


def test_concat_side_by_side():
    one, two = pd.DataFrame({"a": [1, BIG]}), pd.DataFrame({"b": [7]})
    step = {"op": "concat", "frames": ["r"], "axis": 1}
    result = run(one, step, r=two)
    assert result["b"].dtype == "Int64"
    assert result["b"].tolist() == [7, pd.NA]
    assert list(run(one, {**step, "keys": ["x", "y"]}, r=two).columns) == ["x_a", "y_b"]
    with pytest.raises(ColumnTaken):
        run(one, {**step, "verify_integrity": True}, r=one)
    with pytest.raises(OutputTooLarge, match="4 columns"):
        Pipeline.parse([{**step, "frames": ["df"] * 3}], ["df"], CATALOGUE).run({"df": one}, max_columns=3)


@quick
@given(frames(), st.sampled_from([["x", "y"], [1, 2]]), st.sampled_from([None, ["source"]]))
def test_keys_say_where_rows_are_from(frame, keys, names):
    step = {"op": "concat", "frames": ["r"], "keys": keys, "names": names}
    made = run(frame, step, r=frame)
    wanted = pd.concat([frame, frame], keys=keys, names=names).reset_index(level=0).reset_index(drop=True)
    assert list(made.columns) == list(wanted.columns)
    assert cells(made) == cells(wanted)


@pytest.mark.parametrize(
    ("step", "error", "pointer"),
    [
        ({"keys": ["x"]}, ArgumentInvalid, "/keys"),
        ({"keys": ["x", 1]}, ArgumentInvalid, "/keys"),
        ({"names": ["x"]}, ArgumentInvalid, "/names"),
        ({"keys": ["x", "y"], "names": ["a"]}, ColumnTaken, "/names"),
    ],
)
def test_keys_that_do_not_fit(step, error, pointer):
    frame = pd.DataFrame({"a": [1]})
    with pytest.raises(error) as caught:
        run(frame, {"op": "concat", "frames": ["r"], **step}, r=frame)
    assert caught.value.places[0].pointer == "/pipeline/0" + pointer


def test_concat_checks_the_row_limit_first():
    step = {"op": "concat", "frames": ["df", "df"]}
    with pytest.raises(OutputTooLarge, match="6 rows"):
        Pipeline.parse([step], ["df"], CATALOGUE).run({"df": pd.DataFrame({"a": [1, 2]})}, max_rows=5)


@st.composite
def keyed(draw):
    """Two frames with unique keys `k` of one dtype, and columns of one dtype each where both have them."""
    left = draw(any_frames(twice=False, odd=False)).drop(columns="k", errors="ignore")
    picked = st.lists(st.integers(0, max(0, len(left) - 1)), max_size=9 if len(left) else 0)
    right = left.take(draw(picked)).reset_index(drop=True)
    right = right.drop(columns=draw(st.sampled_from([[], list(left.columns[:1])])))
    right.insert(0, "new", range(len(right)))
    keys = st.integers(-5, 12)
    for frame in (left, right):
        frame.insert(0, "k", draw(st.lists(keys, min_size=len(frame), max_size=len(frame), unique=True)))
    return left.astype({"k": "int64"}), right.astype({"k": "int64"})


@quick
@given(keyed(), st.booleans())
def test_combine_first_is_pandas(pair, by_key):
    left, right = pair
    step = {"op": "combine_first", "other": "r"} | ({"on": "k"} if by_key else {})
    made = run(left, step, r=right)
    if not (len(left) and len(right)):
        assert set(made.columns) == {*left.columns, *right.columns}
        assert len(made) == max(len(left), len(right))
        return
    ours, theirs = (exact(one).set_index("k") if by_key else exact(one) for one in pair)
    wanted = ours.combine_first(theirs)
    wanted = wanted.reset_index() if by_key else wanted
    assert list(made.columns) == list(wanted.columns)
    assert cells(made) == cells(wanted)
    for name, dtype in left.dtypes.items():
        expected = {str(dtype), str(exact(left)[name].dtype)}
        assert str(made[name].dtype) in expected


def test_combine_first_joins_dtypes_and_refuses_what_cannot_be_one():
    one, two = pd.DataFrame({"k": [1, 2], "v": [None, 2]}), pd.DataFrame({"k": [3, 1], "v": [1.5, 9.0]})
    made = run(one.astype({"v": "Int64"}), {"op": "combine_first", "other": "r", "on": ["k"]}, r=two)
    assert made.to_dict("list") == {"k": [1, 2, 3], "v": [9.0, 2.0, 1.5]}
    with pytest.raises(DtypeUnsuitable, match="column 'v'"):
        run(one.astype({"v": "Int64"}), {"op": "combine_first", "other": "r"}, r=two.astype({"v": "str"}))
    with pytest.raises(StepFailed, match="2 occur more often: 1, 2"):
        run(pd.concat([one, one]).reset_index(drop=True), {"op": "combine_first", "other": "r", "on": "k"}, r=two)
    with pytest.raises(ColumnUnknown) as caught:
        run(one, {"op": "combine_first", "other": "r", "on": ["k", "x"]}, r=two)
    assert caught.value.places[0].pointer == "/pipeline/0/on/1"


@quick
@given(keyed(), st.booleans(), st.booleans())
def test_update_is_pandas(pair, by_key, overwrite):
    left, right = pair
    step = {"op": "update", "other": "r", "overwrite": overwrite} | ({"on": "k"} if by_key else {})
    made = run(left, step, r=right)
    ours, theirs = (exact(one).set_index("k") if by_key else exact(one) for one in pair)
    wanted = ours.copy()
    wanted.update(theirs, overwrite=overwrite)
    wanted = wanted.reset_index() if by_key else wanted
    assert cells(made) == cells(wanted)
    assert made.dtypes.equals(left.dtypes)


def test_update_keeps_dtypes_or_says_what_does_not_fit():
    frame = pd.DataFrame({"k": [1, 2, 2], "n": [1, 2, 3], "c": pd.Categorical(["x", "y", "x"])})
    step = {"op": "update", "other": "r", "on": "k"}
    made = run(frame, step, r=pd.DataFrame({"k": [2], "n": [7.0], "c": ["y"]}))
    assert made.dtypes.equals(frame.dtypes)
    assert made["n"].tolist() == [1, 7, 7]
    assert made["c"].tolist() == ["x", "y", "y"]
    for column, value in (("n", 7.5), ("n", "x"), ("c", "z")):
        with pytest.raises(DtypeUnsuitable, match=f"column '{column}'"):
            run(frame, step, r=pd.DataFrame({"k": [2], column: [value]}))
    with pytest.raises(StepFailed, match=r"other frame \('k'\) once, and 1 occur"):
        run(frame, step, r=pd.DataFrame({"k": [2, 2], "n": [1, 1]}))
    with pytest.raises(StepFailed, match="Data overlaps: column 'n' has a value in both frames in 2 rows"):
        run(frame, {**step, "errors": "raise"}, r=pd.DataFrame({"k": [2], "n": [7]}))
    twice = pd.DataFrame([[1, 2]], columns=["k", "k"])
    with pytest.raises(ColumnAmbiguous):
        run(frame, {"op": "update", "other": "r"}, r=twice)


@quick
@given(any_frames(twice=False), st.data(), st.booleans(), st.booleans())
def test_compare_is_pandas(frame, data, keep_shape, keep_equal):
    order = data.draw(st.permutations(range(len(frame))))
    other = frame.take(np.array(order, dtype=int)).reset_index(drop=True)
    words = {"keep_shape": keep_shape, "keep_equal": keep_equal}
    made = run(frame, {"op": "compare", "other": "r", **words}, r=other)
    plainly = exact(frame).compare(exact(other), **words)
    wanted = plainly.set_axis([f"{name}_{side}" for name, side in plainly.columns], axis=1).reset_index()
    assume(len(plainly.columns) or keep_shape or not len(made))
    assert list(made.columns) == list(wanted.columns)
    assert cells(made) == cells(wanted)


def test_compare_by_keys_and_what_it_refuses():
    one = pd.DataFrame({"k": ["a", "b"], "n": [1, BIG], "f": [1.5, None]})
    two = one.assign(n=[1.0, 2.0], f=[1.5, None])
    made = run(one, {"op": "compare", "other": "r", "on": "k", "result_names": ["new", "old"]}, r=two)
    assert made.to_dict("list") == {"k": ["b"], "n_new": [BIG], "n_old": [2.0]}
    refused = [
        (two.iloc[::-1].reset_index(drop=True), StepFailed, "row 1 has another 'k'"),
        (two.iloc[:1], StepFailed, "2 rows and the other one 1"),
        (two.drop(columns="f"), ColumnUnknown, "no column 'f'"),
        (two[["k", "f", "n"]], ArgumentInvalid, "another order"),
    ]
    for other, error, message in refused:
        with pytest.raises(error, match=message):
            run(one, {"op": "compare", "other": "r", "on": "k"}, r=other)
    with pytest.raises(ArgumentInvalid, match="the same"):
        run(one, {"op": "compare", "other": "r", "result_names": ["x", "x"]}, r=one)
