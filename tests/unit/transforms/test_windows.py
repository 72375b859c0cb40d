"""rolling, expanding and ewm: as pandas' own, per group too, in the frame's row order."""

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from jobs.errors import ArgumentInvalid, ColumnAmbiguous, ColumnUnknown, DtypeUnsuitable, PipelineError
from jobs.transforms.groups.functions import WEIGHTING, WINDOWING
from tests.unit.transforms.frames import run

quick = settings(max_examples=20, deadline=None)
FUNCTIONS = sorted(set(WINDOWING.one) - {"quantile"})
VALUES = {
    "float64": st.sampled_from([0.0, 1.5, -2.25, float("nan"), 7.0, 1e6]),
    "int64": st.integers(-9, 9),
    "Int64": st.sampled_from([None, 1, 2, 40]),
    "bool": st.booleans(),
}


@st.composite
def series(draw):
    """Rows of a key, a time in order, and two columns of numbers."""
    rows = draw(st.sampled_from([0, 1, 2, 8]))
    steps = draw(st.lists(st.sampled_from([0, 0, 1, 5, 24, 100]), min_size=rows, max_size=rows))
    zone = draw(st.sampled_from([None, "UTC", "Europe/Berlin"]))
    times = pd.Timestamp("2024-03-30") + pd.to_timedelta(np.cumsum(steps), unit="h")
    frame = pd.DataFrame(
        {
            "k": pd.Series(
                draw(st.lists(st.sampled_from(["a", "b", None]), min_size=rows, max_size=rows)), dtype="str"
            ),
            "at": pd.DatetimeIndex(times)
            .tz_localize("UTC")
            .tz_convert(zone)
            .as_unit(draw(st.sampled_from(["s", "us", "ns"]))),
        }
    )
    if draw(st.booleans()):
        frame["at"] = frame["at"].iloc[::-1].array  # downwards is an order too
    for name in ("v", "w"):
        dtype = draw(st.sampled_from(sorted(VALUES)))
        frame[name] = pd.Series(draw(st.lists(VALUES[dtype], min_size=rows, max_size=rows)), dtype=dtype)
    return frame


def wanted(frame, by, make, function, *arguments, **words):
    """pandas' answer for column `v`, put back into the order of the rows."""
    if not by:
        return getattr(make(frame), function)(*arguments, **words).to_numpy(dtype="float64")
    found = np.full(len(frame), np.nan)
    for _, part in frame.groupby("k"):
        found[part.index] = getattr(make(part), function)(*arguments, **words).to_numpy(dtype="float64")
    return found


def close(made, expected, step=None):
    np.testing.assert_allclose(made.to_numpy(), expected, rtol=1e-9, atol=1e-9, err_msg=str(step))
    assert made.dtype == "float64"


@settings(max_examples=40, deadline=None)
@given(
    series(), st.sampled_from(FUNCTIONS), st.booleans(), st.sampled_from([0, 1, 2, 3, 50]),
    st.sampled_from([None, 0, 1]), st.booleans(), st.sampled_from([None, "left", "right", "both", "neither"]),
)  # fmt: skip
def test_windows_of_rows(frame, function, by, window, least, center, closed):
    if least is not None:
        least = min(least, window)
    words = {"window": window, "min_periods": least, "center": center, "closed": closed}
    step = {"op": "rolling", **words, "agg": {"new": ["v", function]}} | ({"by": "k"} if by else {})
    close(run(frame, step)["new"], wanted(frame, by, lambda part: part["v"].rolling(**words), function), step)


@settings(max_examples=40, deadline=None)
@given(
    series(), st.sampled_from(FUNCTIONS), st.booleans(), st.sampled_from(["1h", "5h", "2D", "90min"]),
    st.sampled_from([None, 0, 1, 2]), st.booleans(), st.sampled_from([None, "left", "right", "both", "neither"]),
)  # fmt: skip
def test_windows_of_time(frame, function, by, window, least, center, closed):
    words = {"window": window, "min_periods": least, "center": center, "closed": closed}
    step = {"op": "rolling", **words, "on": "at", "agg": {"new": ["v", function]}} | ({"by": "k"} if by else {})
    close(run(frame, step)["new"], wanted(frame, by, lambda part: part.rolling(on="at", **words)["v"], function))


@quick
@given(series(), st.sampled_from(FUNCTIONS), st.booleans(), st.sampled_from([0, 1, 3]))
def test_expanding(frame, function, by, least):
    step = {"op": "expanding", "min_periods": least, "agg": {"new": ["v", function]}} | ({"by": ["k"]} if by else {})
    close(run(frame, step)["new"], wanted(frame, by, lambda part: part["v"].expanding(least), function))


DECAY = st.sampled_from([{"com": 0.5}, {"span": 3.0}, {"halflife": 2.0}, {"alpha": 0.3}, {"alpha": 1.0}])


@quick
@given(
    series(), st.sampled_from(sorted(WEIGHTING.one)), st.booleans(), DECAY, st.sampled_from([0, 2]), st.booleans(),
    st.booleans(),
)  # fmt: skip
def test_weights(frame, function, by, decay, least, adjust, ignore_na):
    adjust = adjust or function == "sum"
    words = {**decay, "min_periods": least, "adjust": adjust, "ignore_na": ignore_na}
    step = {"op": "ewm", **words, "agg": {"v": ["v", function]}} | ({"by": "k"} if by else {})
    close(run(frame, step)["v"], wanted(frame, by, lambda part: part["v"].ewm(**words), function))


@quick
@given(series(), st.booleans(), st.sampled_from(["1h", "3D"]), st.booleans())
def test_weights_along_times(frame, by, halflife, ignore_na):
    words = {"halflife": halflife, "ignore_na": ignore_na}
    step = {"op": "ewm", **words, "on": "at", "agg": {"new": ["v", "mean"]}} | ({"by": "k"} if by else {})

    def plain(part):
        return part["v"].ewm(times=part["at"], **words)

    close(run(frame, step)["new"], wanted(frame, by, plain, "mean"))


@quick
@given(series(), st.sampled_from(["corr", "cov"]), st.booleans())
@pytest.mark.filterwarnings("ignore::RuntimeWarning")
def test_two_columns(frame, function, by):
    steps = {
        "rolling": (lambda part: part["v"].rolling(3), {"window": 3}),
        "expanding": (lambda part: part["v"].expanding(), {}),
        "ewm": (lambda part: part["v"].ewm(com=1), {"com": 1.0}),
    }
    for op, (make, words) in steps.items():
        step = {"op": op, **words, "agg": {"new": [["v", "w"], function]}} | ({"by": "k"} if by else {})
        expected = np.full(len(frame), np.nan)
        for part in [one for _, one in frame.groupby("k")] if by else [frame]:
            expected[part.index] = getattr(make(part), function)(part["w"]).to_numpy(dtype="float64")
        close(run(frame, step)["new"], expected)


def test_arguments_expressions_and_places():
    frame = pd.DataFrame({"": [1.0, 2.0, 4.0], "v": pd.array([1, 2, 4], dtype=pd.ArrowDtype(pa.decimal128(5, 2)))})
    made = run(
        frame,
        {
            "op": "rolling",
            "window": 2,
            "agg": {
                "v": ["v", "sum"],
                "q": ["v * 2", "quantile", {"q": 1.0}],
                "c": ["", "count"],
                "s": ["v", "std", {"ddof": 0}],
            },
        },
    )
    assert list(made.columns) == ["", "v", "q", "c", "s"]
    assert made.iloc[1:].to_numpy().tolist() == [[2.0, 3.0, 4.0, 2.0, 0.5], [4.0, 6.0, 8.0, 2.0, 1.0]]
    text = pd.DataFrame({"t": ["x", None, "y"]})
    assert run(text, {"op": "expanding", "agg": {"n": ["t", "count"]}})["n"].tolist() == [1.0, 1.0, 2.0]


AT = pd.to_datetime(["2024-01-01", "2024-01-03", "2024-01-02"])
FRAME = pd.DataFrame([[1, "x", 1.0, 2.0, 3.0]] * 3, columns=["k", "s", "v", "d", "d"]).assign(at=AT)


@pytest.mark.parametrize(
    ("step", "error", "pointer"),
    [
        ({"op": "rolling", "window": "2D", "on": "at"}, DtypeUnsuitable, "/on"),
        ({"op": "rolling", "window": "2D", "on": "at", "by": "k"}, DtypeUnsuitable, "/on"),
        ({"op": "rolling", "window": "2D", "on": "v"}, DtypeUnsuitable, "/on"),
        ({"op": "rolling", "window": "2D", "on": "a"}, ColumnUnknown, "/on"),
        ({"op": "rolling", "window": "2D"}, PipelineError, "/window"),
        ({"op": "rolling", "window": "MS", "on": "at"}, PipelineError, "/window"),
        ({"op": "rolling", "window": "-2D", "on": "at"}, PipelineError, "/window"),
        ({"op": "rolling", "window": -1}, PipelineError, "/window"),
        ({"op": "rolling", "window": 2, "min_periods": 3}, PipelineError, "/min_periods"),
        ({"op": "rolling", "window": 2, "agg": {"n": ["s", "mean"]}}, DtypeUnsuitable, "/agg/n/0"),
        ({"op": "rolling", "window": 2, "agg": {"n": [["v", "s"], "corr"]}}, DtypeUnsuitable, "/agg/n/0/1"),
        ({"op": "rolling", "window": 2, "agg": {"d": ["v", "mean"]}}, ColumnAmbiguous, "/agg/d"),
        ({"op": "rolling", "window": 2, "agg": {"n": ["v", "mode"]}}, PipelineError, "/agg/n/1"),
        ({"op": "rolling", "window": 2, "by": ["k", "q"]}, ColumnUnknown, "/by/1"),
        ({"op": "ewm"}, PipelineError, ""),
        ({"op": "ewm", "com": 1.0, "span": 2.0}, PipelineError, "/span"),
        ({"op": "ewm", "halflife": "2D"}, PipelineError, "/halflife"),
        ({"op": "ewm", "halflife": "2D", "on": "at", "agg": {"n": ["v", "std"]}}, PipelineError, "/agg/n/1"),
        ({"op": "ewm", "com": 1.0, "adjust": False, "agg": {"n": ["v", "sum"]}}, PipelineError, "/agg/n/1"),
    ],
)
def test_what_is_wrong_is_pointed_at(step, error, pointer):
    with pytest.raises(error) as caught:
        run(FRAME, {"agg": {"n": ["v", "mean"]}, **step})
    assert [place.pointer for place in caught.value.places] == ["/pipeline/0" + pointer]


def test_times_that_are_null_or_out_of_order_are_told_by_row():
    step = {"op": "rolling", "window": "2D", "on": "at", "agg": {"n": ["v", "mean"]}}
    with pytest.raises(DtypeUnsuitable, match=r"not in order at row 3; use sort_values") as caught:
        run(FRAME, step)
    assert caught.value.rows == (2,)
    with pytest.raises(DtypeUnsuitable, match="null in row 2"):
        run(FRAME.assign(at=[AT[0], None, AT[1]]), step)
    assert issubclass(ArgumentInvalid, Exception)


def test_dates_and_durations_are_times_too():
    dates = pd.DataFrame(
        {"at": pd.array(AT.sort_values().date, dtype=pd.ArrowDtype(pa.date32())), "v": [1.0, 2.0, 4.0]}
    )
    step = {"op": "rolling", "window": "2D", "on": "at", "agg": {"n": ["v", "sum"]}}
    assert run(dates, step)["n"].tolist() == [1.0, 3.0, 6.0]
    assert run(dates.assign(at=pd.to_timedelta([0, 1, 9], unit="D")), step)["n"].tolist() == [1.0, 3.0, 4.0]
