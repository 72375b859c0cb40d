"""Times of text and numbers, zones and durations."""

import pandas as pd
import pytest
from hypothesis import given, settings

from jobs.errors import ArgumentInvalid, DtypeUnsuitable
from tests.unit.transforms.frames import frames, run

same = pd.testing.assert_frame_equal


def test_times_and_zones():
    frame = pd.DataFrame({"at": ["2024-03-31 02:30", "2024-10-27 02:30"], "n": [0, 86400]})
    times = run(frame, {"op": "to_datetime", "columns": "at"}, {"op": "to_datetime", "columns": "n", "unit": "s"})
    same(times[["at"]], frame[["at"]].assign(at=pd.to_datetime(frame["at"])))
    assert times["n"].tolist() == [pd.Timestamp(0), pd.Timestamp("1970-01-02")]
    zoned = {"op": "tz_localize", "on": "at", "tz": "Europe/Berlin"}
    with pytest.raises(DtypeUnsuitable, match="nonexistent"):
        run(times, zoned)
    made = run(times, {**zoned, "nonexistent": "NaT", "ambiguous": "NaT"})
    assert made["at"].isna().all()
    with pytest.raises(ArgumentInvalid, match="no time zone 'Europe/Berln'"):
        run(times, {"op": "tz_convert", "on": "at", "tz": "Europe/Berln"})
    with pytest.raises(DtypeUnsuitable):
        run(frame, {"op": "tz_convert", "on": "at", "tz": "UTC"})


def test_numbers_count_from_an_origin_and_shrink():
    frame = pd.DataFrame({"n": [1, 200], "t": ["1", "300"]})
    made = run(frame, {"op": "to_datetime", "columns": "n", "unit": "D", "origin": "2020-01-01"})
    same(made[["n"]], frame[["n"]].assign(n=pd.to_datetime(frame["n"], unit="D", origin="2020-01-01")))
    for kind, dtype in (("integer", "int16"), ("unsigned", "uint16"), ("float", "float32")):
        assert str(run(frame, {"op": "to_numeric", "columns": "t", "downcast": kind})["t"].dtype) == dtype
    for arguments in ({"origin": "2020-01-01"}, {"origin": "soon", "unit": "s"}, {"origin": "julian", "unit": "s"}):
        with pytest.raises(ArgumentInvalid) as caught:
            run(frame, {"op": "to_datetime", "columns": "n", **arguments})
        assert caught.value.places[0].pointer == "/pipeline/0/origin"


@pytest.mark.parametrize(("ambiguous", "offsets"), [(True, [2, 2]), (False, [1, 1]), ("infer", [2, 1])])
def test_an_hour_that_comes_twice(ambiguous, offsets):
    frame = pd.DataFrame({"at": pd.to_datetime(["2024-10-27 02:30", "2024-10-27 02:30"])})
    made = run(frame, {"op": "tz_localize", "on": "at", "tz": "Europe/Berlin", "ambiguous": ambiguous})
    assert [one.utcoffset().total_seconds() / 3600 for one in made["at"]] == offsets


@settings(max_examples=40)
@given(frames(dtypes=("int64", "float64", "Int64")))
def test_to_timedelta(frame):
    ready = frame[["k"]].fillna({"k": 0}).clip(-1000, 1000)
    same(
        run(ready, {"op": "to_timedelta", "columns": "k", "unit": "s"}),
        ready.assign(k=pd.to_timedelta(ready["k"], unit="s")),
    )
