"""merge: pandas' rows, order and values for every dtype of key; what cannot be joined is named; sizes known before."""

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
    FramequeueError,
    OutputTooLarge,
    StepFailed,
)
from jobs.pipeline import Pipeline
from jobs.transforms.combine.matching import check_size
from tests.unit.transforms.frames import CATALOGUE, any_frames, frames, run

same = pd.testing.assert_frame_equal
quick = settings(max_examples=25, deadline=None)
BIG = 2**62 + 1
HOW = st.sampled_from(["inner", "left", "right", "outer", "cross", "left_anti", "right_anti", "semi"])
REFUSED = (pd.errors.MergeError, ValueError, TypeError, KeyError)
NULLABLE = {f"{kind}{bits}": f"{name}{bits}" for kind, name in (("int", "Int"), ("uint", "UInt")) for bits in
            (8, 16, 32, 64)} | {"bool": "boolean"}  # fmt: skip


def exact(frame):
    """The frame with integers and booleans nullable, so that plain pandas makes no floats of them."""
    made = frame.copy(deep=False)
    for place, dtype in enumerate(frame.dtypes):
        if str(dtype) in NULLABLE:
            made.isetitem(place, frame.iloc[:, place].astype(NULLABLE[str(dtype)]).array)
    return made


def cells(frame):
    """The cells without their dtypes, each null as None."""
    return [[None if pd.isna(cell) else cell for cell in row] for row in frame.astype(object).to_numpy()]


def settled(frame, wanted):
    """pandas' frame with columns without nulls back at NumPy's dtypes, where ours are."""
    for place, dtype in enumerate(wanted.dtypes):
        if NULLABLE.get(str(dtype)) == str(frame.dtypes.iloc[place]):
            frame.isetitem(place, frame.iloc[:, place].to_numpy(dtype=dtype))
    return frame


def plain_merge(left, right, how, on, **words):
    """What pandas' merge makes of the two; a semi join and the columns of an anti join are said in its words."""
    keys = {} if how == "cross" else {"on": on}
    ours, theirs = exact(left), exact(right)
    if how in ("semi", "left_anti"):
        kept = ours.assign(row_=range(len(ours)))
        found = kept.merge(theirs[list(dict.fromkeys(on))], how="inner", **keys)["row_"].unique()
        wanted = np.isin(np.arange(len(left)), found) == (how == "semi")
        return left[wanted].reset_index(drop=True)
    if how == "right_anti":
        return plain_merge(right, left, "left_anti", on)
    return ours.merge(theirs, how=how, **keys, **words).reset_index(drop=True)


@st.composite
def pairs_of_frames(draw):
    """Two frames, sometimes with columns of one kind, whose names overlap or not."""
    left, right = draw(any_frames()), draw(any_frames())
    if draw(st.booleans()) and len(left):  # rows that match
        right = left.take(draw(st.lists(st.integers(0, len(left) - 1), max_size=9))).reset_index(drop=True)
        right.columns = draw(st.permutations(list(right.columns)))
    return left, right


def foreign(left, right, name):
    """Keys of which one is Arrow's: between those and its own pandas looks for a common dtype without end."""
    dtypes = {*left.dtypes[[name]], *right.dtypes[[name]]}
    return len(dtypes) > 1 and any(isinstance(dtype, pd.ArrowDtype) for dtype in dtypes)


@settings(max_examples=60, deadline=None)
@given(
    pairs_of_frames(),
    HOW,
    st.booleans(),
    st.sampled_from([("_x", "_y"), (None, "_r"), ("_l", ""), ("_x", None), (None, None)]),
    st.sampled_from([False, True, "side", "k"]),
)
def test_merge_is_pandas_merge(pair, how, sort, suffixes, indicator):
    left, right = pair
    on = [name for name in left.columns.unique() if name in right.columns]
    words = {"sort": sort, "suffixes": suffixes, "indicator": indicator}
    step = {"op": "merge", "right": "r", "how": how, "sort": sort, "suffixes": list(suffixes)}
    if how in ("semi", "left_anti", "right_anti"):
        assume(not sort)
    else:
        step["indicator"] = indicator
    assume(how == "cross" or on)
    assume(how == "cross" or not any(foreign(left, right, name) for name in on))
    try:
        wanted = plain_merge(left, right, how, on, **words)
    except REFUSED:
        with pytest.raises((ColumnTaken, DtypeUnsuitable, ColumnAmbiguous)):
            run(left, step, r=right)
        return
    try:
        made = run(left, step, r=right)
    except (ColumnTaken, DtypeUnsuitable) as error:
        made, refused = None, error
    if made is None:  # where pandas overwrites a column, gives two of one name, or makes objects of several kinds
        taken = refused.column in (indicator, "_merge") or list(wanted.columns).count(refused.column) > 1
        apart = any(str(left[name].dtype) != str(right[name].dtype) for name in on)
        assert taken if isinstance(refused, ColumnTaken) else apart
        return
    assert list(made.columns) == list(wanted.columns)
    for place, name in enumerate(made.columns):
        ours, theirs = made.iloc[:, [place]], wanted.iloc[:, [place]]
        assert cells(ours) == cells(theirs), name
        if name not in on:
            same(ours, settled(theirs.copy(deep=False), ours))


KEYS = {
    "int64": [1, 2, 2, 9], "Int64": [1, None, 2, 9], "uint8": [0, 2, 255], "float64": [1.0, 2.0, np.nan, 2.5],
    "float32": [1.0, 2.0, 0.5], "bool": [True, False, True], "boolean": [True, None], "str": ["a", None, "b", "a"],
    "string": ["a", None, "c"], "category": ["b", None, "a"], "large": ["a", "b", None],
    "datetime64[us]": ["2024-01-31", None, "1999-12-31"], "datetime64[s]": ["2024-01-31", "1970-01-01"],
    "date32": [date(2024, 1, 31), None, date(2000, 1, 1)],
    "decimal(5,2)": [Decimal("1.00"), None, Decimal("2.50")],
    "decimal(9,4)": [Decimal("2.5"), Decimal(2), Decimal("0.05")],
    "timedelta64[us]": ["1h", None], "datetime64[us, UTC]": ["2024-01-31", None],
    "datetime64[ms, Europe/Berlin]": ["2024-01-31 01:00", "1999-12-31"], "none": [None, None],
}  # fmt: skip
ARROW = {
    "date32": pa.date32(), "decimal(5,2)": pa.decimal128(5, 2), "decimal(9,4)": pa.decimal128(9, 4),
    "large": pa.large_string(),
}  # fmt: skip
KINDS = (
    ("int64", "Int64", "uint8", "float64", "float32", "decimal(5,2)", "decimal(9,4)"),
    ("bool", "boolean", "int64", "Int64", "float64"),
    ("str", "string", "category", "large"), ("datetime64[us]", "datetime64[s]", "date32"), ("timedelta64[us]",),
    ("datetime64[us, UTC]", "datetime64[ms, Europe/Berlin]"),
)  # fmt: skip


def key(dtype):
    values = KEYS[dtype]
    if dtype in ARROW:
        return pd.Series(pd.array(pa.array(values, ARROW[dtype]), dtype=pd.ArrowDtype(ARROW[dtype])))
    if dtype == "none":
        return pd.Series(values, dtype=object)
    return pd.Series(values, dtype=dtype)


def meaning(cell):
    """What a cell of a key means, comparable with cells of other dtypes."""
    if pd.isna(cell):
        return None
    if isinstance(cell, pd.Timestamp):
        return cell.tz_convert("UTC").tz_localize(None) if cell.tzinfo else cell
    cell = float(cell) if isinstance(cell, (Decimal, np.floating)) else cell
    return pd.Timestamp(cell) if isinstance(cell, date) else cell


@pytest.mark.parametrize("how", ["inner", "left", "right", "outer", "semi", "left_anti", "right_anti"])
@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind[0])
def test_keys_of_different_dtypes_that_mean_the_same(kind, how):
    for one in (*kind, "none"):
        for two in (*kind, "none"):
            left = pd.DataFrame({"k": key(one)}).assign(a=lambda frame: range(len(frame)))
            right = pd.DataFrame({"k": key(two)}).assign(b=lambda frame: range(len(frame)))
            ours, theirs = ([meaning(cell) for cell in frame["k"]] for frame in (left, right))
            made = run(left, {"op": "merge", "right": "r", "on": "k", "how": how}, r=right)
            matches = [(i, j) for i, x in enumerate(ours) for j, y in enumerate(theirs) if x == y]
            alone = [(i, None) for i in range(len(ours)) if i not in [pair[0] for pair in matches]]
            alone_right = [(None, j) for j in range(len(theirs)) if j not in [pair[1] for pair in matches]]
            wanted = {
                "inner": matches, "left": matches + alone, "right": matches + alone_right,
                "outer": matches + alone + alone_right, "semi": [(i, None) for i, _ in matches],
                "left_anti": alone, "right_anti": alone_right,
            }[how]  # fmt: skip
            rows = [
                tuple(None if pd.isna(row.get(name)) else row[name] for name in "ab") for row in made.to_dict("records")
            ]
            assert set(rows) == set(wanted), (one, two)
            assert how == "semi" or len(rows) == len(wanted)
            for cell, (i, j) in zip(made["k"], rows, strict=True):
                assert meaning(cell) == (ours[i] if i is not None else theirs[j]), (one, two)


@pytest.mark.parametrize(
    ("one", "two"),
    [("int64", "str"), ("str", "float64"), ("date32", "str"), ("datetime64[us]", "datetime64[us, UTC]"),
     ("bool", "str"), ("category", "Int64"), ("timedelta64[us]", "datetime64[us]"), ("decimal(5,2)", "str")],
)  # fmt: skip
@pytest.mark.parametrize("rows", [0, None])
def test_keys_that_cannot_be_equal_are_named(one, two, rows):
    left, right = pd.DataFrame({"a": key(one)[:rows]}), pd.DataFrame({"b": key(two)[:rows]})
    with pytest.raises(DtypeUnsuitable) as caught:
        run(left, {"op": "merge", "right": "r", "left_on": ["a"], "right_on": ["b"]}, r=right)
    assert caught.value.places[0].pointer == "/pipeline/0/left_on/0"
    assert "column 'a'" in caught.value.detail
    assert "column 'b'" in caught.value.detail
    assert "astype" in caught.value.detail


def test_lists_are_no_keys():
    frame = pd.DataFrame({"a": pd.array(pa.array([[1], [2]]), dtype=pd.ArrowDtype(pa.list_(pa.int64())))})
    for how in ("inner", "semi"):
        with pytest.raises(DtypeUnsuitable, match="column 'a'"):
            run(frame, {"op": "merge", "right": "r", "on": "a", "how": how}, r=frame)


def test_validate_tells_which_keys_repeat():
    frame = pd.DataFrame({"k": [1, 2, 2, *range(3, 9), *range(3, 9)], "t": "x"})
    once = pd.DataFrame({"k": [1], "t": ["x"]})
    step = {"op": "merge", "right": "r", "on": "k", "suffixes": ["", "_r"]}
    for validate in ("m:1", "many_to_one", "1:1", "one_to_one"):
        with pytest.raises(
            StepFailed, match=r"other frame \('k'\) once, and 7 occur.*: 2, 3, 4, 5, 6 and 2 more"
        ) as seen:
            run(once, {**step, "validate": validate}, r=frame)
        assert seen.value.places[0].pointer == "/pipeline/0/validate"
    with pytest.raises(StepFailed, match=r"current frame \('k', 't'\).*: \(2, x\), \(3, x\)") as seen:
        run(frame, {**step, "on": ["k", "t"], "validate": "1:m"}, r=once)
    assert seen.value.rows[0] == 2
    for validate in ("1:m", "m:m", "many_to_many", None):
        run(once, {**step, "validate": validate}, r=frame)
    nulls = pd.DataFrame({"k": pd.array([None, None, 1], dtype="Int64")})
    with pytest.raises(StepFailed, match="and 1 occur more often: null"):
        run(nulls, {**step, "how": "semi", "validate": "1:m"}, r=nulls)


@quick
@given(any_frames(columns=2), st.sampled_from(["1:1", "1:m", "m:1", "m:m"]))
def test_validate_refuses_what_pandas_refuses(frame, validate):
    name = frame.columns[0]
    assume(list(frame.columns).count(name) == 1)
    left, right = frame[[name]], frame[[name]].drop_duplicates()
    for one, two in ((left, right), (right, left)):
        step = {"op": "merge", "right": "r", "on": name, "validate": validate}
        try:
            exact(one).merge(exact(two), on=name, validate=validate)
        except pd.errors.MergeError:
            with pytest.raises(StepFailed, match="occur more often"):
                run(one, step, r=two)
        else:
            run(one, step, r=two)


@quick
@given(
    frames(names=("k", "v"), dtypes=("Int64", "int64")),
    frames(names=("k", "w"), dtypes=("Int64", "int64")),
    st.sampled_from(["semi", "left_anti", "right_anti"]),
)
def test_sorted_semi_and_anti_joins(left, right, how):
    step = {"op": "merge", "right": "r", "on": "k", "how": how}
    made, plainly = (run(left, {**step, "sort": sort}, r=right) for sort in (True, False))
    order = exact(plainly).merge(exact(plainly[["k"]].drop_duplicates()), on="k", sort=True)
    assert cells(made) == cells(order)


@settings(max_examples=25, deadline=None)
@given(
    frames(names=("k", "j"), dtypes=("Int64", "str")),
    frames(names=("k", "j"), dtypes=("Int64", "str")),
    st.sampled_from(["inner", "left", "right", "outer"]),
)
def test_the_size_of_a_join_is_known_before_it_is_made(left, right, how):
    assume((left.dtypes == right.dtypes).all())
    step = {"op": "merge", "from": "df", "right": "r", "how": how}
    rows = len(exact(left).merge(exact(right), how=how))
    pipeline = Pipeline.parse([step], ["df", "r"], CATALOGUE)
    given_frames = {"df": left, "r": right}
    assert len(pipeline.run(given_frames, max_rows=rows)) == rows
    if rows:
        with pytest.raises(OutputTooLarge, match=f"{rows} rows"):
            pipeline.run(given_frames, max_rows=rows - 1)


def test_a_large_join_of_unique_keys_is_not_counted_and_others_are():
    few, many = np.arange(1_000), np.arange(100_000) % 1_000
    check_size([many], [few], "outer", 101_000)
    with pytest.raises(OutputTooLarge, match="100,000 rows"):
        check_size([many], [few], "inner", 99_999)
    with pytest.raises(OutputTooLarge, match="10,000,000,000 rows"):
        check_size([many * 0], [many * 0], "inner", 9_999_999_999)


@pytest.mark.parametrize("how", ["cross", "inner", "left", "outer", "right"])
def test_a_join_that_would_explode_is_refused_before_it_is_made(how):
    frame = pd.DataFrame({"k": [1] * 2000})
    step = {"op": "merge", "from": "df", "right": "df", "how": how} | ({} if how == "cross" else {"on": "k"})
    with pytest.raises(OutputTooLarge, match="4,000,000 rows, and the limit is 10,000"):
        Pipeline.parse([step], ["df"], CATALOGUE).run({"df": frame}, max_rows=10_000)
    wide = pd.DataFrame({f"c{place}": [1] for place in range(60)}).rename(columns={"c0": "k"})
    with pytest.raises(OutputTooLarge, match="columns, and the limit is 100"):
        Pipeline.parse([step], ["df"], CATALOGUE).run({"df": wide}, max_columns=100)


def test_a_cross_join_of_huge_sides_is_refused_at_once():
    frame = pd.DataFrame({"k": np.zeros(3_000_000, np.int8)})
    with pytest.raises(OutputTooLarge, match="9,000,000,000,000 rows"):
        run(frame, {"op": "merge", "right": "df", "how": "cross"})


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


@pytest.mark.parametrize("how", ["inner", "left", "right", "outer"])
@pytest.mark.parametrize(
    "keys", [(["a", "b"], ["b", "a"]), (["a", "b"], ["a", "a"]), ("a", "c"), (["a", "a"], ["a", "c"])]
)
def test_keys_named_crosswise_and_twice(how, keys):
    left = pd.DataFrame({"a": [1, 2, 2], "b": [1, 1, 2], "v": ["p", "q", "r"]})
    right = pd.DataFrame({"a": [1, 2, 3], "b": [1, 2, 2], "c": [1, 2, 2], "v": ["x", "y", "z"]})
    words = {"left_on": keys[0], "right_on": keys[1], "how": how}
    made = run(left, {"op": "merge", "right": "r", **words}, r=right)
    wanted = exact(left).merge(exact(right), **words)
    assert list(made.columns) == list(wanted.columns)
    assert cells(made) == cells(wanted)


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
        ({"on": "k", "suffixes": [None, ""]}, ColumnTaken, "/suffixes"),
        ({"on": "k", "suffixes": ["_a", "_a"]}, ColumnTaken, "/suffixes"),
        ({"on": "k", "suffixes": ["_x", None]}, ColumnTaken, "/suffixes"),
        ({"on": "k", "indicator": "v"}, ColumnTaken, "/indicator"),
        ({"on": "k", "how": "semi", "indicator": True}, ArgumentInvalid, "/indicator"),
        ({"how": "semi", "right": "nope"}, FramequeueError, "/right"),
    ],
)
def test_what_is_wrong_is_pointed_at(step, error, pointer):
    frame = pd.DataFrame({"k": [1], "v": [1], "v_x": [1]})
    with pytest.raises(error) as caught:
        run(frame, {"op": "merge", "right": "r", **step}, r=frame)
    assert [place.pointer for place in caught.value.places] == ["/pipeline/0" + pointer]


@pytest.mark.parametrize("dtype", ["int64", "Int64"])
def test_signed_and_unsigned_keys_are_equal_only_where_they_are(dtype):
    left = pd.DataFrame({"k": pd.Series([2**53 + 1, 2**63 - 1, 5], dtype=dtype), "x": [1, 2, 3]})
    right = pd.DataFrame({"k": pd.Series([2**53, 2**63, 5], dtype="uint64"), "y": [1, 2, 3]})
    made = run(left, {"op": "merge", "right": "right", "on": "k"}, right=right)
    assert made.to_dict("list") == {"k": [5], "x": [3], "y": [3]}
    rest = run(left, {"op": "merge", "right": "right", "on": "k", "how": "left_anti"}, right=right)
    assert rest["k"].tolist() == [2**53 + 1, 2**63 - 1]
    both = run(left, {"op": "merge", "right": "right", "on": "k", "how": "outer"}, right=right)
    assert [int(one) for one in both["k"]] == [5, 2**53, 2**53 + 1, 2**63 - 1, 2**63]
