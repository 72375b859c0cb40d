"""merge_asof and merge_ordered: pandas' rows and values; null, unsorted and unsuitable keys are named."""

from datetime import date
from decimal import Decimal

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest
from hypothesis import given, settings
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
from tests.unit.transforms.frames import CATALOGUE, any_frames, run
from tests.unit.transforms.test_joins import cells, exact

quick = settings(max_examples=30, deadline=None)
KEYS = {
    "int64": st.integers(-3, 9), "Int64": st.integers(-3, 9), "uint8": st.integers(0, 9),
    "float64": st.sampled_from([-1.5, 0.0, 0.25, 2.0, 7.75]),
    "datetime64[us]": st.sampled_from(["2024-01-31", "2024-01-31T00:03:00", "2024-02-29", "1999-12-31"]),
    "datetime64[us, UTC]": st.sampled_from(["2024-01-31", "2024-01-31T00:03:00", "2024-02-29"]),
    "timedelta64[us]": st.sampled_from([pd.Timedelta(0), pd.Timedelta("4min"), pd.Timedelta("1h")]),
}  # fmt: skip


@st.composite
def sides(draw, *, order=True):
    """Two frames with a key `k` of one dtype, sorted where `order`, and columns of every dtype beside it."""
    dtype = draw(st.sampled_from(sorted(KEYS)))
    made = []
    for names in ("vgx", "vgy"):
        frame = draw(any_frames(columns=3, twice=False, odd=False))
        frame = frame.iloc[:, :3].set_axis(list(names[: frame.shape[1]]), axis=1)
        if "g" in frame:
            values = draw(st.lists(st.sampled_from(["a", "b", None]), min_size=len(frame), max_size=len(frame)))
            frame["g"] = pd.Series(values, dtype="str")
        keys = draw(st.lists(KEYS[dtype], min_size=len(frame), max_size=len(frame)))
        frame.insert(0, "k", pd.Series(sorted(keys) if order else keys, dtype=dtype))
        made.append(frame)
    return tuple(made)


@quick
@given(
    sides(),
    st.sampled_from(["backward", "forward", "nearest"]),
    st.booleans(),
    st.sampled_from([None, 0, 2]),
    st.booleans(),
)
def test_merge_asof_is_pandas(pair, direction, exactly, tolerance, by):
    left, right = pair
    if left["k"].dtype.kind in "mM" and tolerance is not None:
        tolerance = f"{tolerance}min"
    words = {"on": "k", "direction": direction, "allow_exact_matches": exactly, "suffixes": ["_l", "_r"]}
    if by and "g" in left and "g" in right:
        words["by"] = "g"
    made = run(left, {"op": "merge_asof", "right": "r", "tolerance": tolerance, **words}, r=right)
    within = pd.Timedelta(tolerance) if isinstance(tolerance, str) else tolerance
    ours, theirs = exact(left), exact(right)
    if str(ours["k"].dtype) == "UInt8":  # whose differences wrap around
        ours["k"], theirs["k"] = ours["k"].astype("Int64"), theirs["k"].astype("Int64")
    wanted = pd.merge_asof(ours, theirs, tolerance=within, **words)
    assert list(made.columns) == list(wanted.columns)
    assert cells(made) == cells(wanted)
    assert made["k"].dtype == left["k"].dtype


def decimals(values):
    column = pa.array(map(Decimal, values), pa.decimal128(9, 2))
    return pd.DataFrame({"k": pd.array(column, dtype=pd.ArrowDtype(column.type))})


def dates(values):
    return pd.DataFrame({"k": pd.array(pa.array(values, pa.date32()), dtype=pd.ArrowDtype(pa.date32()))})


def test_keys_of_other_dtypes_have_exact_distances():
    step = {"op": "merge_asof", "right": "r", "on": "k", "tolerance": 0.1}
    made = run(decimals(["1.10", "2.00"]), step, r=decimals(["1.00", "1.89"]).assign(x=[1, 2]))
    assert made["x"].tolist() == [1, pd.NA]
    step["tolerance"] = "1D"
    left, right = dates([date(2024, 1, 31), date(2024, 2, 3)]), dates([date(2024, 1, 30), date(2024, 2, 1)])
    assert run(left, step, r=right.assign(x=[1, 2]))["x"].tolist() == [1, pd.NA]
    times = pd.DataFrame({"k": pd.to_datetime(["2024-01-30T12:00"]), "x": [3]})
    assert run(left, step, r=times)["x"].tolist() == [3, pd.NA]
    numbers = pd.DataFrame({"k": [1.5]})
    assert run(pd.DataFrame({"k": [1, 2]}), {**step, "tolerance": 0.5}, r=numbers.assign(x=[5]))["x"].tolist() == [
        pd.NA,
        5,
    ]


def test_what_merge_asof_refuses():
    frame, text = pd.DataFrame({"k": [1, 3, 2], "t": [1, 2, 3]}), pd.DataFrame({"k": ["a"], "t": ["b"]})
    nulls = pd.DataFrame({"k": pd.array([1, None, 2], dtype="Int64"), "t": [1, 2, 3]})
    step = {"op": "merge_asof", "right": "r", "on": "k"}
    refused = [
        (
            frame,
            nulls.iloc[:1],
            {},
            StepFailed,
            "row 3 of the current frame is out of order; sort .* sort_values",
            "/on",
        ),
        (nulls.iloc[:1], frame, {}, StepFailed, "row 3 of frame 'right' is out of order", "/on"),
        (frame, nulls, {"on": "t", "by": "k"}, None, "", ""),
        (nulls.iloc[:1], nulls, {}, StepFailed, "row 2 of frame 'right' is null; .* dropna", "/on"),
        (text, text, {}, DtypeUnsuitable, "column 'k' .str. has no distances", "/on"),
        (frame, text, {}, DtypeUnsuitable, "column 'k' .* cannot be compared", "/on"),
        (frame, frame, {"on": "t", "tolerance": "5min"}, ArgumentInvalid, "is a number, not '5min'", "/tolerance"),
        (frame, frame, {"on": "t", "tolerance": -1}, ArgumentInvalid, "below 0", "/tolerance"),
        (frame, frame, {"on": "x"}, ColumnUnknown, "no column 'x'", "/on"),
        (frame, frame, {"on": "t", "by": ["k", "x"]}, ColumnUnknown, "no column 'x'", "/by/1"),
        (frame, frame, {"on": None}, ArgumentInvalid, "say the key", "/on"),
        (frame, frame, {"left_by": "k"}, ArgumentInvalid, "'left_by' needs 'right_by'", "/left_by"),
        (frame, frame, {"on": "t", "suffixes": [None, None]}, ColumnTaken, "two columns 'k'", "/suffixes"),
    ]
    for left, right, words, error, message, pointer in refused:
        if error is None:
            assert len(run(left, {**step, **words}, r=right)) == len(left)
            continue
        with pytest.raises(error, match=message) as caught:
            run(left, {**step, **words}, r=right)
        assert caught.value.places[0].pointer == "/pipeline/0" + pointer
    times = pd.DataFrame({"k": pd.to_datetime(["2024-01-31"])})
    with pytest.raises(ArgumentInvalid, match="no duration"):
        run(times, {**step, "tolerance": "soon"}, r=times)


@quick
@given(sides(order=False), st.sampled_from(["left", "right", "outer", "inner"]), st.booleans())
def test_merge_ordered_is_pandas(pair, how, fills):
    left, right = pair
    words = {"on": "k", "how": how, "fill_method": "ffill" if fills else None}
    made = run(left, {"op": "merge_ordered", "right": "r", **words}, r=right)
    wanted = pd.merge_ordered(exact(left), exact(right), **words)
    assert list(made.columns) == list(wanted.columns)
    assert cells(made) == cells(wanted)


@quick
@given(sides(order=False), st.sampled_from(["left", "right", "outer", "inner"]), st.booleans(), st.booleans())
def test_merge_ordered_in_groups_is_pandas(pair, how, fills, by_left):
    left, right = pair
    grouped = left if by_left else right
    grouped["h"] = pd.Series(np.arange(len(grouped)) % 3, dtype="int64").astype("str")
    words = {
        "on": "k",
        "how": how,
        "fill_method": "ffill" if fills else None,
        f"{'left' if by_left else 'right'}_by": "h",
    }
    made = run(left, {"op": "merge_ordered", "right": "r", **words}, r=right)
    if not len(grouped):
        assert len(made) == 0
        return
    wanted = pd.merge_ordered(exact(left), exact(right), **words)
    assert list(made.columns) == list(wanted.columns)
    assert cells(made) == cells(wanted)


def test_groups_of_both_frames_are_joined_one_by_one():
    left = pd.DataFrame({"k": [1, 3, 2, 9], "h": ["b", "b", "a", None], "v": [1, 2, 3, 4]})
    right = pd.DataFrame({"k": [2, 2, 5], "h": ["b", "a", "c"], "w": [5, 6, 7]})
    step = {"op": "merge_ordered", "right": "r", "on": "k", "left_by": "h", "fill_method": "ffill"}
    made = run(left, step, r=right)
    assert cells(made) == [[1, "b", 1, None], [2, "b", 1, 5], [3, "b", 2, 5], [2, "a", 3, 6]]
    with pytest.raises(OutputTooLarge, match="rows"):
        Pipeline.parse([{**step, "from": "df"}], ["df", "r"], CATALOGUE).run({"df": left, "r": right}, max_rows=3)
    for words, error, pointer in (
        ({"right_by": "h"}, ArgumentInvalid, "/right_by"),
        ({"left_by": ["h", "x"]}, ColumnUnknown, "/left_by/1"),
        ({"left_on": "k"}, ArgumentInvalid, "/left_on"),
    ):
        with pytest.raises(error) as caught:
            run(left, {**step, **words}, r=right)
        assert caught.value.places[0].pointer == "/pipeline/0" + pointer
    twice = pd.DataFrame([[1, 2]], columns=["k", "k"])
    with pytest.raises(ColumnAmbiguous):
        run(left, step, r=twice)
