"""Values: each op answers as the plain pandas call does, integers and booleans with nulls being nullable."""

from datetime import UTC, date, datetime, timedelta
from decimal import Decimal

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from jobs.codecs.frames import to_pandas
from jobs.errors import ArgumentInvalid, ColumnUnknown, DtypeUnsuitable
from tests.unit.transforms.frames import any_frames, frames, run

same = pd.testing.assert_frame_equal
quick = settings(max_examples=40, deadline=None)
NUMBERS = ("int64", "float64", "Int64")
FLOATS = ("Float64", "Float32")


def normal(frame):
    """What a plain pandas call gives, in the dtypes of a pipeline: no nullable floats."""
    for place, dtype in enumerate(frame.dtypes):
        if str(dtype) in FLOATS:
            frame.isetitem(place, frame.iloc[:, place].to_numpy(dtype="float64", na_value=np.nan))
    return frame


def either(step, frame, plain):
    """The step answers as pandas does, and refuses what pandas refuses."""
    try:
        expected = plain(frame)
    except (TypeError, ValueError, NotImplementedError, OverflowError):
        with pytest.raises(DtypeUnsuitable) as caught:
            run(frame, step)
        assert caught.value.column in frame.columns
    else:
        same(run(frame, step), normal(expected), check_dtype=True)


@quick
@given(frames(), st.sampled_from([None, 1, 3]), st.sampled_from([None, "inside", "outside"]))
def test_ffill_and_bfill(frame, limit, area):
    words = {name: value for name, value in (("limit", limit), ("limit_area", area)) if value is not None}
    either({"op": "ffill", **words}, frame, lambda f: f.ffill(**words))
    either({"op": "bfill", **words}, frame, lambda f: f.bfill(**words))


@quick
@given(frames())
def test_isna_and_notna(frame):
    either({"op": "isna"}, frame, lambda f: f.isna())
    either({"op": "notna"}, frame, lambda f: f.notna())


@quick
@given(frames(dtypes=(*NUMBERS, "str")))
def test_abs(frame):
    either({"op": "abs"}, frame, lambda f: f.abs())


@quick
@given(frames(dtypes=(*NUMBERS, "str", "category")), st.sampled_from([0, 1, -1, {"v": 1, "x": 2}]))
def test_round(frame, decimals):
    either({"op": "round", "decimals": decimals}, frame, lambda f: f.round(decimals))


@quick
@given(frames(dtypes=NUMBERS), st.sampled_from([None, 0, -1]), st.sampled_from([None, 1, 2]))
def test_clip(frame, lower, upper):
    either({"op": "clip", "lower": lower, "upper": upper}, frame, lambda f: f.clip(lower, upper))


def test_clip_by_column():
    frame = pd.DataFrame({"a": [-1, 5], "b": ["x", "y"]})
    assert run(frame, {"op": "clip", "lower": {"a": 0}})["a"].tolist() == [0, 5]
    with pytest.raises(ColumnUnknown, match="did you mean 'a'") as caught:
        run(frame, {"op": "clip", "upper": {"aa": 0}})
    assert caught.value.places[0].pointer == "/pipeline/0/upper/aa"
    with pytest.raises(DtypeUnsuitable, match="column 'b'"):
        run(frame, {"op": "clip", "lower": 0})
    with pytest.raises(ArgumentInvalid, match="above"):
        run(frame, {"op": "clip", "lower": 3, "upper": 2})


@quick
@given(frames(), st.sampled_from([1, 2, -1, 0, 100]))
def test_shift(frame, periods):
    made = run(frame, {"op": "shift", "periods": periods})
    exact = frame.astype({name: dtype.name.replace("int64", "Int64") for name, dtype in frame.dtypes.items()})
    plain = exact.shift(periods)
    for name in frame:
        cells = [[None if pd.isna(cell) else cell for cell in one[name]] for one in (made, plain)]
        assert cells[0] == cells[1]
        old, new = str(frame[name].dtype), str(made[name].dtype)
        assert new == old or (old, new) in {("int64", "Int64"), ("bool", "boolean")}


def test_shift_keeps_large_integers_and_fills():
    frame = pd.DataFrame({"a": [2**62 + 1, 7]})
    moved = run(frame, {"op": "shift"})["a"]
    assert (str(moved.dtype), moved.tolist()) == ("Int64", [pd.NA, 2**62 + 1])
    assert run(frame, {"op": "shift", "fill_value": 0})["a"].tolist() == [0, 2**62 + 1]


@quick
@given(frames(dtypes=("float64", "Int64", "datetime64[us, UTC]")), st.sampled_from([1, -1, 2]))
def test_diff(frame, periods):
    either({"op": "diff", "periods": periods}, frame, lambda f: f.diff(periods))


def test_diff_of_integers_stays_exact():
    moved = run(pd.DataFrame({"a": [2**62, 2**62 + 1]}), {"op": "diff"})["a"]
    assert (str(moved.dtype), moved.tolist()) == ("Int64", [pd.NA, 1])


@quick
@given(frames(dtypes=("int64", "float64")))
def test_pct_change(frame):
    either({"op": "pct_change"}, frame, lambda f: f.pct_change())


@quick
@given(
    frames(dtypes=(*NUMBERS, "str", "bool")),
    st.sampled_from(["average", "min", "max", "first", "dense"]),
    st.booleans(),
    st.sampled_from(["keep", "top", "bottom"]),
)
def test_rank(frame, method, ascending, na_option):
    words = {"method": method, "ascending": ascending, "na_option": na_option}
    either({"op": "rank", **words}, frame, lambda f: f.rank(**words).astype("float64"))


@quick
@given(frames(dtypes=(*NUMBERS, "bool")), st.booleans(), st.sampled_from(["cumsum", "cumprod", "cummax", "cummin"]))
@pytest.mark.filterwarnings("ignore:overflow encountered:RuntimeWarning")
def test_cumulatives(frame, skipna, op):
    either({"op": op, "skipna": skipna}, frame, lambda f: getattr(f, op)(skipna=skipna))


@quick
@given(frames(dtypes=NUMBERS), st.sampled_from(["forward", "backward", "both"]))
def test_interpolate(frame, direction):
    words = {"limit_direction": direction}
    either({"op": "interpolate", **words}, frame, lambda f: f.interpolate(**words))


PLAIN = {
    "abs": lambda f: f.abs(),
    "cummax": lambda f: f.cummax(),
    "cummin": lambda f: f.cummin(),
    "cumprod": lambda f: f.cumprod(),
    "cumsum": lambda f: f.cumsum(),
    "pct_change": lambda f: f.pct_change().astype("float64"),
    "rank": lambda f: f.rank().astype("float64"),
}


@settings(max_examples=25)
@given(any_frames())
@pytest.mark.parametrize("op", PLAIN)
@pytest.mark.filterwarnings("ignore::RuntimeWarning")
def test_of_every_dtype(op, frame):
    """As pandas answers, and decimals as floats where it has no answer, or one that is rounded."""
    ready = frame.copy()
    for place, dtype in enumerate(frame.dtypes):
        if "decimal" in str(dtype) and op != "abs":
            ready.isetitem(place, ready.iloc[:, place].astype("float64"))
    try:
        expected = normal(PLAIN[op](ready))
    except (TypeError, ValueError, NotImplementedError, ZeroDivisionError, pa.ArrowException):
        with pytest.raises(DtypeUnsuitable):
            run(frame, {"op": op})
        return
    made = run(frame, {"op": op})
    for place, dtype in enumerate(frame.dtypes):
        if "decimal" in str(dtype) and op in ("cummax", "cummin"):
            assert made.dtypes.iloc[place] == dtype
            made.isetitem(place, made.iloc[:, place].astype("float64"))
    same(made, expected)


def test_where_and_mask():
    frame = pd.DataFrame({"a": [1, 2], "b": ["x", "y"], "c": [True, False]})
    kept = run(frame, {"op": "where", "cond": "a > 1"})
    assert [str(dtype) for dtype in kept.dtypes] == ["Int64", "str", "boolean"]
    assert kept["a"].tolist() == [pd.NA, 2]
    same(run(frame, {"op": "mask", "cond": "a > 5"}), frame.astype({"a": "Int64", "c": "boolean"}))
    numbers = frame[["a"]]
    same(run(numbers, {"op": "mask", "cond": "a > 1", "other": 0}), numbers.mask(numbers.a > 1, 0))
    with pytest.raises(DtypeUnsuitable, match="column 'b'") as caught:
        run(frame, {"op": "where", "cond": "a > 1", "other": 0})
    assert caught.value.places[0].pointer == "/pipeline/0/other"


@quick
@given(frames(dtypes=NUMBERS))
def test_where_as_pandas(frame):
    keep = (frame["k"] > 0).to_numpy(dtype=bool, na_value=False)
    made = run(frame, {"op": "where", "cond": "k > 0", "other": -1})
    same(made, frame.where(pd.Series(keep), -1))


def test_map_looks_up_numbers_text_and_times():
    frame = pd.DataFrame({"n": [1, 2], "t": ["x", None], "at": pd.to_datetime(["2024-01-31", "2024-02-01"])})
    step = {"op": "map", "columns": {"n": {"1": 10}, "t": {"x": True}, "at": {"2024-02-01": "first"}}}
    made = run(frame, step)
    assert made["n"].tolist() == [10, pd.NA]
    assert made["t"].tolist() == [True, pd.NA]
    assert made["at"].isna().tolist() == [True, False]
    with pytest.raises(DtypeUnsuitable, match="several kinds") as caught:
        run(frame, {"op": "map", "columns": {"n": {"1": 10, "2": "x"}}})
    assert caught.value.places[0].pointer == "/pipeline/0/columns/n"


def test_map_looks_up_what_a_column_means():
    table = pa.table(
        {
            "price": pa.array([Decimal("0.10"), None]),
            "day": pa.array([date(2024, 1, 31), None]),
            "at": pa.array([datetime(2024, 1, 31, tzinfo=UTC), None]),
            "took": pa.array([timedelta(minutes=90), None]),
            "class": pa.array([2, None]).dictionary_encode(),
        }
    )
    keys = {"price": "0.1", "day": "2024-01-31", "at": "2024-01-31T01:00+01:00", "took": "1h 30min", "class": "2"}
    step = {"op": "map", "columns": {name: {key: "found", "[1]": "never"} for name, key in keys.items()}}
    made = run(to_pandas(table), step)
    assert made.isna().to_numpy().tolist() == [[False] * 5, [True] * 5]


def test_map_refuses_two_keys_that_are_one_value():
    frame = pd.DataFrame({"n": [1, 2]})
    with pytest.raises(ArgumentInvalid, match=r"'1\.0' is the value of a key before it in column 'n'") as caught:
        run(frame, {"op": "map", "columns": {"n": {"1": "a", "1.0": "b"}}})
    assert caught.value.places[0].pointer == "/pipeline/0/columns/n"


def test_to_numeric_keeps_integers():
    frame = pd.DataFrame({"a": ["9007199254740993", None], "b": ["1", "2"], "c": ["1.5", "2"], "d": ["1", "x"]})
    made = run(frame, {"op": "to_numeric", "columns": ["a", "b", "c"]})
    assert [str(dtype) for dtype in made.dtypes] == ["Int64", "int64", "float64", "str"]
    assert made["a"].tolist() == [9007199254740993, pd.NA]
    with pytest.raises(DtypeUnsuitable, match="row 2 is 'x'; errors=coerce") as caught:
        run(frame, {"op": "to_numeric", "columns": ["a", "d"]})
    assert caught.value.places[0].pointer == "/pipeline/0/columns/1"
