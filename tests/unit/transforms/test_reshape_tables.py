"""pivot_table and crosstab: each answers as the plain pandas call does, its index as columns."""

from typing import Any

import pandas as pd
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.unit.transforms.frames import frames, run
from tests.unit.transforms.reshaping import as_columns, told

quick = settings(max_examples=60, deadline=None)
KEYS = ("str", "int64", "bool", "category", "Int64", "float64", "datetime64[us, UTC]")
NUMBERS = ("int64", "float64", "Int64", "bool")


@st.composite
def tables(draw: st.DrawFn) -> pd.DataFrame:
    """Two keys and two columns of numbers, small enough that sums are exact."""
    keys = draw(frames(names=("k", "c", "d"), dtypes=KEYS))
    values = {
        name: pd.Series(
            draw(st.lists(st.sampled_from([None, 1, 2, 3]), min_size=len(keys), max_size=len(keys))), dtype="Int64"
        )
        for name in ("v", "w")
    }
    floats = draw(st.booleans())
    frame = keys.assign(**{name: one.astype("float64" if floats else "Int64") for name, one in values.items()})
    return frame.fillna({"v": 0, "w": 0}).astype({"v": "int64"}) if draw(st.booleans()) else frame


def plain_of(frame: pd.DataFrame, **words: Any) -> pd.DataFrame:
    exact = frame.astype({name: "Int64" for name in ("v", "w") if frame[name].dtype == "int64"})
    return as_columns(exact.pivot_table(**words), "size")


FUNCTION = st.sampled_from(["sum", "mean", "min", "max", "count", "nunique", "std"])
WORDS = st.fixed_dictionaries(
    {
        "index": st.sampled_from(["k", ["k"], ["k", "d"]]),
        "columns": st.sampled_from(["c", ["c"], None]),
        "values": st.sampled_from(["v", ["v"], ["w", "v"]]),
        "aggfunc": FUNCTION | st.lists(FUNCTION, min_size=1, max_size=2, unique=True),
    },
    optional={"fill_value": st.just(0), "sort": st.just(False)},
)


@quick
@given(tables(), WORDS)
def test_pivot_table(frame: pd.DataFrame, words: dict[str, Any]) -> None:
    expected = plain_of(frame, **words)
    made = run(frame, {"op": "pivot_table", **words})
    assert told(made) == told(expected)


@quick
@given(tables(), WORDS)
def test_pivot_table_margins(frame: pd.DataFrame, words: dict[str, Any]) -> None:
    words = {name: value for name, value in words.items() if name != "sort"} | {"margins": True}
    expected = plain_of(frame, **words)
    made = run(frame, {"op": "pivot_table", **words})
    assert told(made, text=("k", "d")) == told(expected, text=("k", "d"))
