"""resample and asfreq: as pandas' own, bounded before anything is made."""

import time
from decimal import Decimal

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from jobs.errors import ColumnAmbiguous, ColumnTaken, ColumnUnknown, DtypeUnsuitable, OutputTooLarge, PipelineError
from jobs.pipeline import Pipeline
from jobs.transforms.groups.functions import RESAMPLING
from jobs.transforms.nulls import nullable
from tests.unit.transforms.frames import CATALOGUE, any_frames, run
from tests.unit.transforms.grouped import alike, either

quick = settings(max_examples=20, deadline=None)
RULES = st.sampled_from(["D", "7h", "90min", "2D", "W", "W-WED", "MS", "ME", "QS", "B", "YE", "3D"])
# pandas warns that an offset does nothing to days of a zone
pytestmark = pytest.mark.filterwarnings("ignore:The '(offset|origin)' keyword:RuntimeWarning")
ENDS = st.sampled_from([None, "left", "right"])


@st.composite
def moments(draw, *, unique=False):
    """Rows of a key, a time in any order (some without), a number and a text."""
    rows = draw(st.sampled_from([0, 1, 2, 7]))
    hours = draw(
        st.lists(
            st.sampled_from([0, 1, 5, 24, 25, 40, 700, 1500]) | st.integers(0, 60),
            min_size=rows,
            max_size=rows,
            unique=unique,
        )
    )
    zone = draw(st.sampled_from([None, "UTC", "Europe/Berlin", "America/Havana"]))
    times = pd.DatetimeIndex(
        pd.Timestamp("2024-03-09 22:30", tz="UTC") + pd.to_timedelta(np.array(hours, dtype="int64"), unit="h")
    )
    frame = pd.DataFrame({"at": times.tz_convert(zone).as_unit(draw(st.sampled_from(["s", "us", "ns"])))})
    if not unique and rows:
        frame["at"] = frame["at"].where(
            pd.Series(draw(st.lists(st.sampled_from([True, True, True, False]), min_size=rows, max_size=rows)))
        )
    frame["k"] = pd.Series(draw(st.lists(st.sampled_from(["a", "b", None]), min_size=rows, max_size=rows)), dtype="str")
    frame["v"] = pd.Series(
        draw(st.lists(st.sampled_from([1.5, -2.0, None, 7.0]), min_size=rows, max_size=rows)), dtype="float64"
    )
    frame["n"] = pd.Series(draw(st.lists(st.integers(-5, 5), min_size=rows, max_size=rows)), dtype="int64")
    frame["s"] = pd.Series(draw(st.lists(st.sampled_from(["x", "y", None]), min_size=rows, max_size=rows)), dtype="str")
    return frame


NUMBERS = sorted(set(RESAMPLING.one) - {"size"})


@settings(max_examples=40, deadline=None)
@given(
    moments(), RULES, ENDS, ENDS,
    st.sampled_from(["start_day", "start", "end", "end_day", "epoch", "2024-03-01 01:30"]),
    st.sampled_from([None, "2h", "-30min"]), st.sampled_from(NUMBERS), st.booleans(),
)  # fmt: skip
def test_bins(frame, rule, closed, label, origin, offset, function, by):
    words = {"closed": closed, "label": label, "origin": origin, "offset": offset}
    step = {"op": "resample", "rule": rule, "on": "at", **words, "agg": {"r": ["v", function], "c": [None, "size"]}}
    if origin.startswith("2024") and frame["at"].dt.tz is not None:
        words["origin"] = pd.Timestamp(origin, tz=frame["at"].dt.tz)
    frame = frame.dropna(subset="at", ignore_index=True)  # pandas gets unsorted times with nulls wrong in some groups
    if not by:
        either(step, frame, lambda given: plain(given, rule, function, words))
        return

    def of_groups(given):
        parts = [plain(part, rule, function, words).assign(k=key) for key, part in given.groupby("k")]
        return pd.concat(parts, ignore_index=True)[["k", "at", "r", "c"]].astype({"k": "str"})

    if frame["k"].notna().any():
        either(step | {"by": ["k"]}, frame, of_groups)
    else:
        assert run(frame, step | {"by": ["k"]}).empty


def plain(frame, rule, function, words):
    bins = frame.set_index("at").resample(rule, **words)
    if function in ("skew", "kurt", "any", "all"):  # a Resampler has no methods of these names
        found = bins["v"].apply(lambda column: getattr(column, function)())
        found = found.astype("bool" if function in ("any", "all") else "float64")
    else:
        found = getattr(bins["v"], function)()
    return pd.DataFrame({"r": found, "c": bins.size()}).reset_index(names="at")


@quick
@given(moments(), RULES, st.sampled_from(["min", "first", "sum", "count", "nunique", "max"]))
def test_integers_and_text_of_empty_bins(frame, rule, function):
    known = frame.dropna(subset="at", ignore_index=True)
    agg = {"n": ["n", function]} | ({} if function == "sum" else {"s": ["s", function]})
    step = {"op": "resample", "rule": rule, "on": "at", "agg": agg}

    def plain(given):
        bins = given.astype({"n": "Int64"}).set_index("at").resample(rule)
        return pd.DataFrame({name: getattr(bins[name], function)() for name in agg}).reset_index(names="at")

    either(step, known, plain)
    try:
        made = run(frame, step)
    except DtypeUnsuitable:
        return
    alike(made, run(known, step))  # rows without a time are left out
    assert str(made["n"].dtype) in ("int64", "Int64")


@quick
@given(
    moments(unique=True),
    st.sampled_from(["h", "D", "7h", "12h", "MS", "B"]),
    st.sampled_from([None, "ffill", "bfill"]),
    st.booleans(),
)
def test_steps(frame, freq, method, normalize):
    frame = frame.sort_values("at", ignore_index=True) if method else frame
    words = {"method": method, "normalize": normalize}
    step = {"op": "asfreq", "freq": freq, "on": "at"}

    def plain(given):
        return given.astype({"n": "Int64"}).set_index("at").asfreq(freq, **words).reset_index()

    either(step | words, frame, plain)
    numbers = frame[["at", "v", "n"]]
    either(
        step | {"fill_value": 0}, numbers, lambda given: given.set_index("at").asfreq(freq, fill_value=0).reset_index()
    )


@quick
@given(any_frames(), st.sampled_from(["D", "MS", "YS"]))
def test_any_frame_is_stepped_or_refused_by_the_name_of_a_column(frame, freq):
    on = frame.columns[0]
    for step in ({"op": "asfreq", "freq": freq}, {"op": "resample", "rule": freq, "agg": {"new": [None, "size"]}}):
        if list(frame.columns).count(on) > 1:
            with pytest.raises(ColumnAmbiguous):
                run(frame, {**step, "on": on})
            continue
        either({**step, "on": on}, frame, lambda given, step=step: plain_step(given, on, step))


def plain_step(frame, on, step):
    times = frame[on].astype("datetime64[us]") if str(frame[on].dtype) == "date32[day][pyarrow]" else frame[on]
    if step["op"] == "asfreq":
        if times.isna().any():
            raise ValueError("documented: every row needs a time")
        if times.dtype.kind != "M":
            raise TypeError("no times")
        moved = frame.drop(columns=on).set_axis(pd.DatetimeIndex(times))
        return nullable(moved).asfreq(step["freq"]).reset_index(names=on)
    bins = pd.Series(0, index=pd.Index(times)).sort_index().resample(step["rule"])
    return bins.size().rename_axis(on).reset_index(name="new")


def test_bins_and_steps_are_bounded_before_they_are_made():
    frame = pd.DataFrame({"at": pd.to_datetime(["2014-01-01", "2024-01-01"]), "v": [1, 2], "k": ["a", "b"]})
    agg = {"agg": {"t": ["v", "sum"]}}
    started = time.process_time()
    for step, pointer in (
        ({"op": "resample", "rule": "1ns", "on": "at", **agg}, "/rule"),
        ({"op": "resample", "rule": "h", "on": "at", **agg}, "/rule"),
        ({"op": "asfreq", "freq": "1ns", "on": "at"}, "/freq"),
        ({"op": "asfreq", "freq": "h", "on": "at"}, "/freq"),
    ):
        with pytest.raises(OutputTooLarge) as caught:
            Pipeline.parse([step], ["df"], CATALOGUE).run({"df": frame}, max_rows=10_000)
        assert caught.value.places[0].pointer == "/pipeline/0" + pointer
    assert time.process_time() - started < 10
    ages = frame.assign(at=pd.Series(["0001-01-02", "9998-01-01"], dtype="datetime64[us]"))
    for rule in ("us", "ms"):
        with pytest.raises(OutputTooLarge):
            run(ages, {"op": "resample", "rule": rule, "on": "at", **agg})
    assert len(run(ages, {"op": "resample", "rule": "500YS", "on": "at", **agg})) == 20
    per_group = {"op": "resample", "rule": "1s", "on": "at", "by": "k", **agg}
    assert len(run(frame, per_group)) == 2


def test_days_of_a_zone_that_changes_its_clocks():
    at = pd.date_range("2024-03-30", periods=72, freq="h", tz="Europe/Berlin")
    made = run(pd.DataFrame({"at": at}), {"op": "resample", "rule": "D", "on": "at", "agg": {"rows": [None, "size"]}})
    assert made["rows"].tolist() == [24, 23, 24, 1]
    assert [str(one) for one in made["at"]][1:3] == ["2024-03-31 00:00:00+01:00", "2024-04-01 00:00:00+02:00"]


def test_dates_decimals_and_pairs():
    days = pd.array(["2024-01-01", "2024-01-03"], dtype="datetime64[s]").astype("datetime64[s]")
    frame = pd.DataFrame(
        {
            "at": pd.Series(days).dt.date.astype(pd.ArrowDtype(pa.date32())),
            "d": pd.array([Decimal("1"), Decimal("2")], dtype=pd.ArrowDtype(pa.decimal128(9, 2))),
            "v": [1.0, 2.0],
        }
    )
    agg = {"t": ["d", "max"], "r": [["v", "v"], "cov"], "e": ["v * 2", "sum"]}
    made = run(frame, {"op": "resample", "rule": "2D", "on": "at", "agg": agg})
    assert made["t"].astype(str).tolist() == ["1.00", "2.00"]
    assert made["e"].tolist() == [2.0, 4.0]
    stepped = run(frame, {"op": "asfreq", "freq": "D", "on": "at"})
    assert stepped["d"].isna().tolist() == [False, True, False]


FRAME = pd.DataFrame(
    {
        "at": pd.to_datetime(["2024-01-01", "2024-01-03", "2024-01-03"]),
        "k": ["a", "b", "c"],
        "v": [1.0, 2.0, 3.0],
        "e": [None, None, pd.Timestamp(0)],
    }
)


@pytest.mark.parametrize(
    ("step", "error", "pointer"),
    [
        ({"rule": "no"}, PipelineError, "/rule"),
        ({"rule": "-1D"}, PipelineError, "/rule"),
        ({"rule": "0D"}, PipelineError, "/rule"),
        ({"rule": "D" * 200}, PipelineError, "/rule"),
        ({"origin": "noon"}, PipelineError, "/origin"),
        ({"offset": "a while"}, PipelineError, "/offset"),
        ({"on": "v"}, DtypeUnsuitable, "/on"),
        ({"on": "a"}, ColumnUnknown, "/on"),
        ({"by": "at"}, ColumnTaken, "/by/0"),
        ({"agg": {"at": ["v", "sum"]}}, ColumnTaken, "/agg/at"),
        ({"agg": {"n": ["k", "mean"]}}, DtypeUnsuitable, "/agg/n/0"),
        ({"agg": {"n": [["v", "k"], "corr"]}}, DtypeUnsuitable, "/agg/n/0/1"),
        ({"agg": {"n": ["v", "idxmax"]}}, PipelineError, "/agg/n/1"),
        ({"op": "asfreq", "freq": "D"}, DtypeUnsuitable, "/on"),
        ({"op": "asfreq", "freq": "D", "on": "e"}, DtypeUnsuitable, "/on"),
        ({"op": "asfreq", "freq": "D", "on": "v"}, DtypeUnsuitable, "/on"),
    ],
)
def test_what_is_wrong_is_pointed_at(step, error, pointer):
    usual = {"op": "resample", "rule": "D", "on": "at", "agg": {"n": ["v", "sum"]}}
    with pytest.raises(error) as caught:
        run(FRAME, {"on": "at", **step} if step.get("op") else {**usual, **step})
    assert [place.pointer for place in caught.value.places] == ["/pipeline/0" + pointer]


def test_a_value_that_does_not_fit_is_refused():
    for name, value in (("v", "x"), ("k", 0)):
        with pytest.raises(DtypeUnsuitable) as caught:
            run(FRAME[["at", name]].head(2), {"op": "asfreq", "freq": "D", "on": "at", "fill_value": value})
        assert caught.value.places[0].pointer == "/pipeline/0/fill_value"
