"""Values replaced, sorted into bins, made into flags, over every dtype: as the plain pandas call answers."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from jobs.errors import ArgumentInvalid, ColumnAmbiguous, ColumnTaken, ColumnUnknown, DtypeUnsuitable, OutputTooLarge
from jobs.pipeline import Pipeline
from tests.unit.transforms.frames import CATALOGUE, any_frames, frames, run

same = pd.testing.assert_frame_equal
few = settings(max_examples=40)
NUMBERS = ("int64", "float64", "Int64")


def cells(column):
    return [None if pd.isna(cell) else cell for cell in column.tolist()]


def outcome(frame, *steps):
    try:
        return run(frame, *steps)
    except DtypeUnsuitable as error:
        return error


@few
@given(any_frames(), st.sampled_from([0, 1, 2, "a", "", "b"]), st.sampled_from([5, 7]))
def test_replace_of_one_value(frame, old, new):
    value = "z" if isinstance(old, str) else new
    step = {"op": "replace", "to_replace": old, "value": value}
    made = outcome(frame, step)
    if isinstance(made, DtypeUnsuitable):
        assert (made.places[0].pointer, made.column in frame.columns) == ("/pipeline/0/value", True)
        assert {"bool", "boolean", "category"} & {str(dtype) for dtype in frame.dtypes}
        return
    for place in range(frame.shape[1]):
        column = frame.iloc[:, place]
        assert cells(made.iloc[:, place]) == [value if cell == old else cell for cell in cells(column)]
        assert made.dtypes.iloc[place] == column.dtype


@few
@given(frames(dtypes=NUMBERS), st.lists(st.sampled_from([0, 1, 2, -3]), min_size=1, max_size=3, unique=True))
def test_replace_of_many_values_happens_at_once(frame, old):
    new = [number + 1 for number in old]
    step = {"op": "replace", "to_replace": old, "value": new}
    same(run(frame, step), frame.replace(old, new))
    table = {str(one): two for one, two in zip(old, new, strict=True)}
    same(run(frame, {"op": "replace", "to_replace": table}), frame.replace(dict(zip(old, new, strict=True))))
    same(
        run(frame, {"op": "replace", "to_replace": {"k": table}}),
        frame.replace({"k": dict(zip(old, new, strict=True))}),
    )
    same(
        run(frame, {"op": "replace", "to_replace": {"k": old[0], "v": 1}, "value": 9}),
        frame.replace({"k": old[0], "v": 1}, 9),
    )
    same(run(frame, {"op": "replace", "to_replace": old[0], "value": {"k": 4}}), frame.replace(old[0], {"k": 4}))


@few
@given(
    frames(dtypes=("str", "int64")), st.sampled_from(["^a", "a|b", "", "N(.)"]), st.sampled_from(["z", "", r"<\g<0>>"])
)
def test_replace_by_patterns(frame, pattern, new):
    made = run(frame, {"op": "replace", "to_replace": pattern, "value": new.replace(r"\g<0>", r"\0"), "regex": True})
    same(made, frame.replace(pattern, new, regex=True))


def test_replace_by_null_makes_room_and_what_does_not_fit_is_refused():
    frame = pd.DataFrame({"n": [2**62 + 1, 0], "s": ["a", "b"]})
    made = run(frame, {"op": "replace", "to_replace": 0, "value": None})
    assert (str(made["n"].dtype), made["n"].tolist()) == ("Int64", [2**62 + 1, pd.NA])
    assert run(frame, {"op": "replace", "to_replace": [None, "a"], "value": "c"})["s"].tolist() == ["c", "b"]
    with pytest.raises(DtypeUnsuitable, match="'x' does not fit column 'n'"):
        run(frame, {"op": "replace", "to_replace": 0, "value": "x"})


@pytest.mark.parametrize(
    ("arguments", "error", "pointer"),
    [
        ({"to_replace": [1, 2], "value": [3]}, ArgumentInvalid, "/value"),
        ({"to_replace": {"a": {"1": 2}}, "value": 3}, ArgumentInvalid, "/value"),
        ({"to_replace": {"a": {"1": 2}, "b": 3}}, ArgumentInvalid, "/to_replace"),
        ({"to_replace": "(?=a)", "value": "b", "regex": True}, ArgumentInvalid, "/to_replace"),
        ({"to_replace": 1, "value": "b", "regex": True}, ArgumentInvalid, "/to_replace"),
        ({"to_replace": {"aa": {"1": 2}}}, ColumnUnknown, "/to_replace/aa"),
        ({"to_replace": 1, "value": {"aa": 2}}, ColumnUnknown, "/value/aa"),
    ],
)
def test_what_is_wrong_with_a_replacement_is_pointed_at(arguments, error, pointer):
    with pytest.raises(error) as caught:
        run(pd.DataFrame({"a": [1], "b": [2]}), {"op": "replace", **arguments})
    assert caught.value.places[0].pointer == "/pipeline/0" + pointer


def binned(step, frame, plain):
    """The step gives pandas' bins as text, or refuses what pandas refuses."""
    try:
        expected = plain(frame["k"])
    except (ValueError, TypeError):
        if len(frame):
            with pytest.raises(DtypeUnsuitable) as caught:
                run(frame, step)
            assert caught.value.column == "k"
        return
    made = run(frame, step)["k"]
    if step.get("labels") is False:
        assert (str(made.dtype), cells(made)) == ("Int64", cells(expected))
    elif len(frame):
        assert made.cat.categories.tolist() == [str(one) for one in expected.cat.categories]
        assert made.cat.codes.tolist() == expected.cat.codes.tolist()
        assert made.cat.ordered


@few
@given(
    frames(dtypes=NUMBERS),
    st.sampled_from([1, 3, [0, 1, 2], [-5, 0.5, 1e101]]),
    st.sampled_from([None, False]),
    st.booleans(),
    st.booleans(),
)
@pytest.mark.filterwarnings("ignore::RuntimeWarning")
def test_cut(frame, bins, labels, right, lowest):
    words = {"bins": bins, "labels": labels, "right": right, "include_lowest": lowest}
    binned({"op": "cut", "column": "k", **words}, frame, lambda column: pd.cut(column, **words))


@few
@given(
    frames(dtypes=NUMBERS),
    st.sampled_from([1, 2, 4, [0.0, 0.3, 1.0]]),
    st.sampled_from([None, False]),
    st.sampled_from(["raise", "drop"]),
)
@pytest.mark.filterwarnings("ignore::RuntimeWarning")
def test_qcut(frame, q, labels, duplicates):
    words = {"q": q, "labels": labels, "duplicates": duplicates}
    binned({"op": "qcut", "column": "k", **words}, frame, lambda column: pd.qcut(column, **words))


def test_bins_of_times_go_into_a_column_of_their_own():
    frame = pd.DataFrame({"at": pd.to_datetime(["2024-01-31", "2024-03-01", None])})
    edges = ["2024-01-01", "2024-02-01", "2025-01-01"]
    made = run(frame, {"op": "cut", "column": "at", "bins": edges, "labels": ["old", "new"], "into": "age"})
    assert (list(made), cells(made["age"])) == (["at", "age"], ["old", "new", None])
    for arguments, pointer in (
        ({"bins": 2, "labels": ["a"]}, "/labels"),
        ({"bins": [2, 1]}, "/bins/1"),
        ({"bins": 2, "labels": ["a", "a"]}, "/labels"),
        ({"bins": 0}, "/bins"),
    ):
        with pytest.raises(ArgumentInvalid) as caught:
            run(frame, {"op": "cut", "column": "at", **arguments})
        assert caught.value.places[0].pointer.startswith("/pipeline/0" + pointer)
    with pytest.raises(ColumnUnknown):
        run(frame, {"op": "qcut", "column": "day", "q": 2})
    with pytest.raises(DtypeUnsuitable, match="numbers or times"):
        run(pd.DataFrame({"k": ["a"]}), {"op": "cut", "column": "k", "bins": 2})


@few
@given(frames(), st.sampled_from([None, ["k"], ["v", "w"]]), st.booleans(), st.booleans())
def test_get_dummies(frame, columns, dummy_na, drop_first):
    words = {"columns": columns, "dummy_na": dummy_na, "drop_first": drop_first}
    same(run(frame, {"op": "get_dummies", **words}), pd.get_dummies(frame, dtype=bool, **words))


@few
@given(st.lists(st.sampled_from(["a", "b", "c"]), min_size=1), st.sampled_from([None, "_"]))
def test_from_dummies_gives_back_what_dummies_were_made_of(values, sep):
    frame = pd.DataFrame({"k": pd.Series(values, dtype="str")})
    flags = pd.get_dummies(frame) if sep else pd.get_dummies(frame["k"])
    made = run(flags, {"op": "from_dummies", "sep": sep})
    assert (list(made), made.iloc[:, 0].tolist()) == (["k" if sep else ""], values)


def test_dummies_are_bounded_and_refused_by_name():
    frame = pd.DataFrame({"k": [str(number) for number in range(30)], "k_1": 0})
    pipeline = Pipeline.parse([{"op": "get_dummies"}], ["df"], CATALOGUE)
    with pytest.raises(OutputTooLarge):
        pipeline.run({"df": frame}, max_columns=20)
    with pytest.raises(ColumnTaken):
        run(frame, {"op": "get_dummies"})
    twice = pd.DataFrame([["a", "b"]], columns=["k", "k"])
    with pytest.raises(ColumnAmbiguous):
        run(twice, {"op": "get_dummies"})
    for flags, column in ((pd.DataFrame({"a": [2]}), "a"), (pd.DataFrame({"a": [True], "b": ["x"]}), "b")):
        with pytest.raises(DtypeUnsuitable) as caught:
            run(flags, {"op": "from_dummies"})
        assert caught.value.column == column
    with pytest.raises(DtypeUnsuitable, match="unassigned"):
        run(pd.DataFrame({"a": [0]}), {"op": "from_dummies"})
    assert run(pd.DataFrame({"a": [0]}), {"op": "from_dummies", "default_category": "z"}).iloc[0, 0] == "z"


@few
@given(any_frames(), st.sampled_from([1, -1, 0, 3]))
def test_rows_move_whatever_they_hold(frame, periods):
    made = run(frame, {"op": "shift", "periods": periods})
    plain = frame.astype(object).where(frame.notna(), None).shift(periods)
    for place in range(frame.shape[1]):
        assert cells(made.iloc[:, place]) == cells(plain.iloc[:, place])
    same(run(frame, {"op": "isna"}), frame.isna())
    same(run(frame, {"op": "ffill"}), frame.ffill())
    same(run(frame, {"op": "bfill", "limit": 1}), frame.bfill(limit=1))


@pytest.mark.parametrize("dtype", ["uint8", "int8", "int64", "Int64", "bool", "uint64"])
def test_differences_of_integers_are_exact(dtype):
    made = run(pd.DataFrame({"a": [1, 0, 1]}).astype(dtype), {"op": "diff"})["a"]
    assert (str(made.dtype), made.tolist()) == ("Int64", [pd.NA, -1, 1])
    with pytest.raises(DtypeUnsuitable, match="column 'a'"):
        run(pd.DataFrame({"a": [2**63 - 1, -(2**63)]}), {"op": "diff"})


@few
@given(any_frames(odd=False), st.sampled_from([0, 1.5, "a", True, "2024-01-31"]))
def test_a_value_takes_the_place_of_others_only_where_it_fits(frame, value):
    steps = [{"op": "shift", "fill_value": value}, {"op": "where", "cond": "1 > 2", "other": value}]
    for step in [*steps, {"op": "fillna", "value": value}]:
        made = outcome(frame, step)
        if isinstance(made, DtypeUnsuitable):
            assert made.places[0].pointer.split("/")[-1] in ("fill_value", "other", "value")
            assert made.column in frame.columns
        else:
            assert made.dtypes.tolist() == frame.dtypes.tolist()
            assert not (step["op"] in ("where", "fillna") and made.isna().to_numpy().any())


def test_clip_gives_one_dtype_whether_a_bound_is_met_or_not():
    for values in ([1, 2], [5, 6]):
        assert str(run(pd.DataFrame({"a": values}), {"op": "clip", "lower": 1.5})["a"].dtype) == "float64"
    assert np.isclose(run(pd.DataFrame({"a": [1]}), {"op": "clip", "lower": 1.5}).iloc[0, 0], 1.5)


@pytest.mark.parametrize("text", ["", "NaT", "nan"])
@pytest.mark.parametrize("dtype", ["datetime64[us]", "datetime64[us, UTC]", "timedelta64[us]"])
def test_a_text_that_pandas_reads_as_null_is_no_time(text, dtype):
    frame = pd.DataFrame({"at": pd.Series([None, 0], dtype=dtype)})
    same(run(frame, {"op": "replace", "to_replace": text, "value": "z"}), frame)
    with pytest.raises(DtypeUnsuitable):
        run(frame, {"op": "fillna", "value": text})
