"""pivot_table and crosstab: each answers as the plain pandas call does, its index as columns."""

from typing import Any

import pandas as pd
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from tests.unit.transforms.frames import frames, run
from tests.unit.transforms.reshaping import as_columns, told

quick = settings(max_examples=25, deadline=None)
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
    """pandas' answer, of integers that can be null."""
    exact = frame.astype({name: "Int64" for name in ("v", "w") if frame[name].dtype == "int64"})
    return as_columns(exact.pivot_table(**words), "size")


FUNCTION = st.sampled_from(["sum", "mean", "min", "max", "count", "nunique", "std", "median", "prod"])
# of functions that leave out different rows pandas puts margins between the rows, and leaves holes that it should fill
TOGETHER = st.sampled_from([["sum"], ["sum", "count"], ["nunique", "sum"], ["min", "max"], ["mean"]])
WORDS = st.fixed_dictionaries(
    {
        "index": st.sampled_from(["k", ["k"], ["k", "d"]]),
        "columns": st.sampled_from(["c", ["c"], None]),
        "values": st.sampled_from(["v", ["v"], ["w", "v"]]),
        "aggfunc": FUNCTION | TOGETHER,
    },
    optional={"fill_value": st.just(0), "sort": st.sampled_from([False])},
)


@quick
@given(tables(), WORDS)
def test_pivot_table(frame: pd.DataFrame, words: dict[str, Any]) -> None:
    made = run(frame, {"op": "pivot_table", **words})
    assert told(made) == told(plain_of(frame, **words))


@quick
@given(tables(), WORDS)
def test_pivot_table_margins(frame: pd.DataFrame, words: dict[str, Any]) -> None:
    words = {name: value for name, value in words.items() if name != "sort"} | {"margins": True}
    names, rows = told(run(frame, {"op": "pivot_table", **words}), text=("k", "d"))
    expected, plain_rows = told(plain_of(frame, **words), text=("k", "d"))
    # with margins pandas changes the order of rows where a key of Int64 has nulls; without, it is compared above
    assert (names, sorted(map(repr, rows)), rows[-1:]) == (expected, sorted(map(repr, plain_rows)), plain_rows[-1:])


@quick
@given(tables(), WORDS, st.booleans())
def test_pivot_table_shows_every_key(frame: pd.DataFrame, words: dict[str, Any], margins: bool) -> None:
    words = {name: value for name, value in words.items() if name != "sort"} | {"dropna": False, "margins": margins}
    made = run(frame, {"op": "pivot_table", **words})
    expected = plain_of(frame, **words)
    assert told(made, text=("k", "d")) == told(expected, text=("k", "d"))


@quick
@given(tables(), WORDS)
def test_pivot_table_of_categories_that_do_not_occur(frame: pd.DataFrame, words: dict[str, Any]) -> None:
    words = {name: value for name, value in words.items() if name != "sort"} | {"observed": False}
    kinds = {name: frame[name].cat.set_categories(["x", "z", "y"]) for name in frame.select_dtypes("category")}
    frame = frame.assign(**kinds)
    made = run(frame, {"op": "pivot_table", **words})
    assert told(made) == told(plain_of(frame, **words))


@quick
@given(tables(), st.sampled_from(["c", ["c"], ["c", "d"]]), st.sampled_from(["v", ["w", "v"]]), FUNCTION | TOGETHER)
def test_pivot_table_without_rows(frame: pd.DataFrame, columns: Any, values: Any, function: Any) -> None:
    words = {"columns": columns, "values": values, "aggfunc": function}
    made = run(frame, {"op": "pivot_table", **words})
    exact = frame.astype({name: "Int64" for name in ("v", "w") if frame[name].dtype == "int64"})
    assert told(made) == told(as_columns(exact.pivot_table(**words).rename_axis("column")))


@quick
@given(
    tables(),
    st.sampled_from(["c", ["c", "d"]]),
    st.booleans(),
    st.sampled_from([False, True, "all", "index", "columns", 0, 1]),
    st.booleans(),
)
def test_crosstab(frame: pd.DataFrame, columns: Any, margins: bool, share: Any, dropna: bool) -> None:
    words = {"margins": margins, "normalize": share, "dropna": dropna}
    across = [frame[name] for name in columns] if isinstance(columns, list) else frame[columns]
    full = frame.dropna(subset=["k", "c", "d"] if isinstance(columns, list) else ["k", "c"])
    assume(not (margins and share is not False and full.empty))  # pandas itself fails of that
    kinds = frame[["k", "c", "d"]].select_dtypes("category")
    assume(dropna or not kinds.isna().any(axis=None))  # of null categories pandas loses some of the counts
    made = run(frame, {"op": "crosstab", "index": "k", "columns": columns, **words})
    expected = as_columns(pd.crosstab(frame["k"], across, **words))
    assert told(made, text=("k",)) == told(expected, text=("k",))
