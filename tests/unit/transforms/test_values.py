"""Values: each op answers as the plain pandas call does, integers and booleans with nulls being nullable."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from jobs.errors import ArgumentInvalid, ColumnUnknown, DtypeUnsuitable
from tests.unit.transforms.frames import frames, run

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
