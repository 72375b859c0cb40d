"""Columns by their names: each op answers as the plain pandas call does."""

import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from jobs.errors import ArgumentInvalid, DtypeUnsuitable
from tests.unit.transforms.frames import frames, run

same = pd.testing.assert_frame_equal
quick = settings(max_examples=25, deadline=None)


@quick
@given(frames(names=("k", "v_1", "w_1")))
def test_filter_and_names(frame):
    same(run(frame, {"op": "filter", "items": ["w_1", "x", "k"]}), frame.filter(items=["w_1", "x", "k"]))
    same(run(frame, {"op": "filter", "like": "_1"}), frame.filter(like="_1"))
    same(run(frame, {"op": "filter", "regex": "^[kv]"}), frame.filter(regex="^[kv]"))
    same(run(frame, {"op": "add_prefix", "prefix": "a."}), frame.add_prefix("a."))
    same(run(frame, {"op": "add_suffix", "suffix": ""}), frame.add_suffix(""))
    same(run(frame, {"op": "set_axis", "labels": ["a", "a", "b"]}), frame.set_axis(["a", "a", "b"], axis=1))


@quick
@given(frames(dtypes=("float64", "str", "Int64", "category", "datetime64[us, UTC]")))
def test_reindex_columns(frame):
    made = run(frame, {"op": "reindex", "columns": ["w", "k"]})
    same(made, frame.reindex(columns=["w", "k"]))
    assert run(frame, {"op": "reindex", "columns": ["k", "x"], "fill_value": 1})["x"].tolist() == [1] * len(frame)


@quick
@given(frames(names=("v", "w"), dtypes=("float64", "str", "Int64", "category", "datetime64[us, UTC]")), st.randoms())
def test_reindex_rows(frame, chance):
    keys = list(range(10, 10 + len(frame)))
    wanted = [chance.choice([*keys, 99, 100]) for _ in range(5)]
    whole = frame.assign(day=pd.Series(keys, dtype="int64", index=frame.index))
    made = run(whole, {"op": "reindex", "on": "day", "labels": wanted})
    plain = whole.set_index("day").reindex(wanted).reset_index()[["v", "w", "day"]]
    same(made, plain, check_dtype=False)
    assert list(made.dtypes) == list(whole.dtypes)


@pytest.mark.parametrize("method", ["ffill", "bfill", "nearest"])
def test_reindex_takes_neighbours(method):
    frame = pd.DataFrame({"day": [1, 3, 6], "x": [0.5, 1.5, 2.5]})
    step = {"op": "reindex", "on": "day", "labels": [0, 2, 4, 5, 9], "method": method, "limit": 1}
    plain = frame.set_index("day").reindex([0, 2, 4, 5, 9], method=method, limit=1).reset_index()
    same(run(frame, step), plain)
    with pytest.raises(DtypeUnsuitable, match="monotonic") as caught:
        run(frame.iloc[[1, 0, 2]].reset_index(drop=True), step)
    assert caught.value.places[0].pointer == "/pipeline/0/method"


def test_reindex_keeps_integers():
    frame = pd.DataFrame({"day": ["a"], "n": [2**62 + 1]})
    made = run(frame, {"op": "reindex", "on": "day", "labels": ["b", "a"]})
    assert (str(made["n"].dtype), made["n"].tolist()) == ("Int64", [pd.NA, 2**62 + 1])


@pytest.mark.parametrize(
    ("step", "pointer"),
    [
        ({"op": "filter"}, ""),
        ({"op": "filter", "like": "a", "items": ["b"]}, ""),
        ({"op": "filter", "regex": "(?=a)"}, "/regex"),
        ({"op": "set_axis", "labels": ["a"]}, "/labels"),
        ({"op": "reindex", "on": "a"}, ""),
        ({"op": "reindex", "on": "a", "labels": [1]}, "/on"),
    ],
)
def test_wrong_arguments_are_pointed_at(step, pointer):
    with pytest.raises(ArgumentInvalid) as caught:
        run(pd.DataFrame({"a": [1, 1], "b": [2, 3]}), step)
    assert caught.value.places[0].pointer == "/pipeline/0" + pointer
