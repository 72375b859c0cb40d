"""Rows by chance, by membership, between values and by the time of day: as the plain pandas call answers."""

import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from jobs.errors import ArgumentInvalid, ColumnAmbiguous, ColumnUnknown, DtypeUnsuitable, OutputTooLarge, StepFailed
from jobs.pipeline import Pipeline
from tests.unit.transforms.frames import CATALOGUE, any_frames, frames, run

same = pd.testing.assert_frame_equal
few = settings(max_examples=40)
TIMES = frames(names=("at", "v"), dtypes=("datetime64[us, UTC]", "int64"))


@few
@given(any_frames(), st.sampled_from(["first", "last", False]))
def test_duplicated(frame, keep):
    same(run(frame, {"op": "duplicated", "keep": keep}), frame.duplicated(keep=keep).to_frame("duplicated"))


@few
@given(any_frames(), st.integers(0, 4), st.integers(0, 9), st.booleans())
def test_sample(frame, n, seed, replace):
    step = {"op": "sample", "n": n, "replace": replace, "random_state": seed}
    if not len(frame):
        same(run(frame, step), frame)
    elif n > len(frame) and not replace:
        with pytest.raises(StepFailed, match="add 'replace'") as caught:
            run(frame, step)
        assert caught.value.places[0].pointer == "/pipeline/0/n"
    else:
        same(run(frame, step), frame.sample(n, replace=replace, random_state=seed, ignore_index=True))


@few
@given(frames(names=("k", "w"), dtypes=("float64", "int64", "Int64", "str")), st.sampled_from([0.0, 0.5, 1.0]))
def test_sample_by_weights(frame, frac):
    step = {"op": "sample", "frac": frac, "weights": "w", "random_state": 3}
    try:
        plain = frame.sample(frac=frac, weights="w", random_state=3, ignore_index=True)
    except (ValueError, TypeError):
        if len(frame):  # of no rows ours gives none
            with pytest.raises(DtypeUnsuitable) as caught:
                run(frame, step)
            assert caught.value.column == "w"
    else:
        if pd.api.types.is_numeric_dtype(frame["w"].dtype):
            same(run(frame, step), plain)


def test_a_sample_is_bounded_and_its_arguments_agree():
    frame = pd.DataFrame({"a": [1, 2]})
    pipeline = Pipeline.parse([{"op": "sample", "n": 11, "replace": True}], ["df"], CATALOGUE)
    with pytest.raises(OutputTooLarge):
        pipeline.run({"df": frame}, max_rows=10)
    for arguments, at in (({"n": 1, "frac": 0.5}, "/frac"), ({"frac": 1.5}, "/frac"), ({"n": -1}, "/n")):
        with pytest.raises(ArgumentInvalid) as caught:
            run(frame, {"op": "sample", **arguments})
        assert caught.value.places[0].pointer == "/pipeline/0" + at
    with pytest.raises(ColumnUnknown, match="did you mean 'a'"):
        run(frame, {"op": "sample", "weights": "aa"})


@few
@given(
    any_frames(),
    st.lists(st.sampled_from([0, 1, 2, 255, 1.5, "a", "", "x", 2**62 + 1, -2.25]), max_size=4),
    st.booleans(),
)
def test_isin(frame, values, null):
    made = run(frame, {"op": "isin", "values": [*values, None] if null else values})
    assert [str(dtype) for dtype in made.dtypes] == ["bool"] * frame.shape[1]
    for place in range(frame.shape[1]):
        column = frame.iloc[:, place]
        plain = [null if pd.isna(cell) else cell in values for cell in column.tolist()]
        assert made.iloc[:, place].tolist() == plain


def test_isin_reads_dates_and_decimals_as_they_are_written():
    frame = pd.DataFrame({"at": pd.to_datetime(["2024-01-31", "2024-02-01"]), "k": ["a", "b"]})
    made = run(frame, {"op": "isin", "values": {"at": ["2024-02-01", "soon"]}})
    assert made.to_dict("list") == {"at": [False, True], "k": [False, False]}
    exact = frame[["k"]].assign(d=["0.05", "1.10"])
    steps = ({"op": "astype", "dtype": {"d": "decimal128(12, 2)"}}, {"op": "isin", "values": [0.05, "a"]})
    assert run(exact, *steps).to_dict("list") == {"k": [True, False], "d": [True, False]}
    with pytest.raises(ColumnUnknown) as caught:
        run(frame, {"op": "isin", "values": {"a": [1]}})
    assert caught.value.places[0].pointer == "/pipeline/0/values/a"


@few
@given(
    frames(names=("k", "v"), dtypes=("int64", "float64", "str")),
    st.sampled_from([None, 0, 1.5, "a"]),
    st.sampled_from([None, 2, "b"]),
)
def test_truncate(frame, before, after):
    step = {"op": "truncate", "on": "k", "before": before, "after": after}
    ready = frame.dropna(subset="k").sort_values("k", kind="stable", ignore_index=True)
    text = str(ready["k"].dtype) == "str"
    if any(isinstance(bound, str) != text for bound in (before, after) if bound is not None):
        with pytest.raises(DtypeUnsuitable) as caught:
            run(ready, step)
        assert caught.value.column == "k"
    else:
        same(run(ready, step), ready.set_index("k", drop=False).truncate(before, after).reset_index(drop=True))


def test_truncate_by_dates():
    frame = pd.DataFrame({"at": pd.to_datetime(["2024-02-01", None, "2024-01-31", "2023-12-31"])})
    made = run(frame, {"op": "truncate", "on": "at", "before": "2024-01-01"})
    assert made["at"].dt.month.tolist() == [2, 1]
    with pytest.raises(ArgumentInvalid, match="lies before"):
        run(frame, {"op": "truncate", "on": "at", "before": "2024-01-01", "after": "2023-01-01"})
    with pytest.raises(DtypeUnsuitable, match="'soon' does not fit") as caught:
        run(frame, {"op": "truncate", "on": "at", "after": "soon"})
    assert caught.value.places[0].pointer == "/pipeline/0/after"


@few
@given(
    TIMES,
    st.sampled_from(["00:00", "0930", "13:45", "11:59pm"]),
    st.sampled_from(["00:00", "14:00:30", "01:15am"]),
    st.sampled_from(["both", "neither", "left", "right"]),
)
def test_times_of_day(frame, start, end, inclusive):
    step = {"op": "between_time", "on": "at", "start_time": start, "end_time": end, "inclusive": inclusive}
    if frame["at"].dtype.kind != "M":
        with pytest.raises(DtypeUnsuitable, match="to_datetime"):
            run(frame, step)
        return
    indexed = frame.assign(at=frame["at"] + pd.to_timedelta(range(len(frame)), unit="h")).dropna()
    moved = indexed.reset_index(drop=True)
    indexed.index = pd.DatetimeIndex(indexed["at"])
    same(run(moved, step), indexed.between_time(start, end, inclusive).reset_index(drop=True))
    clock = {"0930": "09:30"}.get(start, start)  # pandas 3 reads the four digits in two ways
    same(run(moved, {"op": "at_time", "on": "at", "time": start}), indexed.at_time(clock).reset_index(drop=True))


@pytest.mark.parametrize(("time", "fits"), [("25:00", False), ("noon", False), ("", False), ("23:59:59.5", True)])
def test_what_is_no_time_of_day_is_refused_when_parsed(time, fits):
    frame = pd.DataFrame({"at": pd.to_datetime(["2024-01-31"])})
    step = {"op": "at_time", "on": "at", "time": time}
    if fits:
        assert len(run(frame, step)) == 0
        return
    with pytest.raises(ArgumentInvalid, match="no time of day") as caught:
        run(frame, step)
    assert caught.value.places[0].pointer == "/pipeline/0/time"


def test_a_name_that_two_columns_have_is_no_index():
    frame = pd.DataFrame([[1, 2]], columns=["a", "a"])
    for step in ({"op": "truncate", "on": "a"}, {"op": "sample", "weights": "a"}):
        with pytest.raises(ColumnAmbiguous):
            run(frame, step)
