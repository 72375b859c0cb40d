"""groupby: the direct kernels answer exactly as pandas' named aggregation does."""

import warnings
from decimal import Decimal

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from jobs.errors import ColumnAmbiguous, ColumnTaken, ColumnUnknown, FramequeueError, OutputTooLarge, PipelineError
from jobs.pipeline import Pipeline
from jobs.transforms.catalogue import Catalogue
from jobs.transforms.groups.functions import AGGREGATIONS
from tests.unit.transforms.frames import DTYPES, frames, run

same = pd.testing.assert_frame_equal
_KEYS = ("int64", "float64", "str", "category", "boolean")


@st.composite
def grouped(draw):
    keys = draw(frames(names=("k", "q"), dtypes=_KEYS))
    rows = len(keys)
    values = draw(frames(names=("v",), dtypes=DTYPES).filter(lambda frame: len(frame) == rows))
    return pd.concat([keys, values], axis=1)


@settings(max_examples=60, deadline=None)
@given(
    grouped(),
    st.sampled_from([["k"], ["k", "q"]]),
    st.sampled_from(sorted(set(AGGREGATIONS) - {"size"})),
    st.booleans(),
    st.booleans(),
    st.booleans(),
)
def test_every_aggregation_is_pandas(frame, by, function, sort, dropna, observed):
    options = {"sort": sort, "dropna": dropna, "observed": observed}
    step = {"op": "groupby", "by": by, "agg": {"r": ["v", function], "n": [None, "size"]}, **options}
    # documented: integers and booleans stay what they are where unobserved categories make nulls
    makes_nulls = not observed and function in ("min", "max", "first", "last")
    if makes_nulls and frame["v"].dtype.kind in "ib" and any(frame[key].dtype == "category" for key in by):
        options["observed"] = step["observed"] = True
    try:
        wanted = frame.groupby(by, **options).agg(r=("v", function)).reset_index()
        wanted["n"] = frame.groupby(by, **options).size().to_numpy()
    except (TypeError, ValueError, NotImplementedError):
        with pytest.raises(FramequeueError):
            run(frame, step)
    else:
        same(run(frame, step), wanted)


@pytest.mark.parametrize(
    ("function", "arguments"),
    [
        ("quantile", {"q": 0.9}),
        ("quantile", {"q": 0, "interpolation": "lower"}),
        ("std", {"ddof": 0}),
        ("sum", {"min_count": 2}),
        ("nunique", {"dropna": False}),
        ("first", {"skipna": False}),
    ],
)
def test_arguments_of_a_function(function, arguments):
    frame = pd.DataFrame({"k": ["a", "a", "b"], "v": [np.nan, 2.0, 3.0]})
    wanted = getattr(frame.groupby("k")["v"], function)(**arguments).reset_index(name="r")
    same(run(frame, {"op": "groupby", "by": "k", "agg": {"r": ["v", function, arguments]}}), wanted)


def test_unobserved_categories_leave_integers_integers():
    frame = pd.DataFrame({"k": pd.Categorical(["a"], categories=["a", "z"]), "v": [2**62 + 1]})
    result = run(frame, {"op": "groupby", "by": "k", "agg": {"r": ["v", "max"]}, "observed": False})
    assert result["r"].dtype == "Int64"
    assert result["r"].tolist() == [2**62 + 1, pd.NA]


def test_unobserved_categories_that_would_explode_are_refused_before_they_are_made():
    """Contract: estimates its output and refuses above the row limit before it allocates."""
    many = pd.Categorical(map(str, range(1_000)))
    frame = pd.DataFrame({"a": many, "b": many, "c": many, "n": range(1_000)})
    step = {"op": "groupby", "by": ["a", "b", "c"], "agg": {"t": ["n", "sum"]}}
    with pytest.raises(OutputTooLarge, match="1,000,000,000 rows, and the limit is 10,000") as caught:
        Pipeline.parse([step | {"observed": False}], ["df"], Catalogue()).run({"df": frame}, max_rows=10_000)
    assert caught.value.places[0].pointer == "/pipeline/0/by"
    assert len(Pipeline.parse([step], ["df"], Catalogue()).run({"df": frame}, max_rows=1_000)) == 1_000
    few = {"by": ["a", "n"], "observed": False, "agg": {"t": [None, "size"]}}
    small = frame.head(3).assign(a=pd.Categorical(["x", "y", "y"], categories=list("wxyz")))
    assert len(Pipeline.parse([step | few], ["df"], Catalogue()).run({"df": small}, max_rows=12)) == 12


def test_decimals_stay_exact_or_become_float64():
    values = pd.array([Decimal("0.10"), Decimal("0.20"), None], dtype=pd.ArrowDtype(pa.decimal128(12, 2)))
    frame = pd.DataFrame({"k": ["a", "a", "a"], "v": values})
    agg = {name: ["v", name] for name in ("sum", "min", "max", "first", "last", "count", "mean", "std")}
    result = run(frame, {"op": "groupby", "by": "k", "agg": agg})
    assert [result[name][0] for name in ("sum", "min", "max", "first", "last", "count")] == [
        Decimal("0.30"), Decimal("0.10"), Decimal("0.20"), Decimal("0.10"), Decimal("0.20"), 2,
    ]  # fmt: skip
    assert result["mean"].dtype == "float64"
    assert result["mean"][0] == pytest.approx(0.15)
    assert result["std"][0] == pytest.approx(np.std([0.1, 0.2], ddof=1))


@settings(max_examples=25, deadline=None)
@given(frames(names=("v", "w"), dtypes=("int64", "float64", "Int64")).map(lambda frame: frame.clip(-10, 10)))
def test_two_columns(frame):
    frame["k"] = np.arange(len(frame)) % 2
    step = {"op": "groupby", "by": "k", "agg": {"r": [["v", "w"], "corr"], "c": [["v", "w"], "cov"]}}
    result = run(frame, step)
    for key, part in frame.astype("float64").groupby("k"):
        row = result[result.k == key].iloc[0]
        for got, method in ((row.r, "corr"), (row.c, "cov")):
            with np.errstate(all="ignore"), warnings.catch_warnings(action="ignore"):
                wanted = getattr(part.v, method)(part.w) if len(part) > 1 else np.nan
            assert got == pytest.approx(wanted, nan_ok=True, abs=1e-12)


def test_the_source_may_be_an_expression_and_a_column_of_that_name_wins():
    frame = pd.DataFrame({"k": ["a", "a"], "price": [2.0, 3.0], "tax": [0.5, 0.0], "price * tax": [7.0, 7.0]})
    agg = {"net": ["price * (1 - tax)", "sum"], "odd": ["price * tax", "sum"]}
    assert run(frame, {"op": "groupby", "by": ["k"], "agg": agg}).to_dict("records") == [
        {"k": "a", "net": 4.0, "odd": 14.0}
    ]


def test_names_that_are_no_expressions_are_columns():
    frame = pd.DataFrame({"k": ["a"], "unit price": [2.0], "user.id": [3]})
    agg = {"p": ["unit price", "sum"], "u": ["user.id", "max"]}
    assert run(frame, {"op": "groupby", "by": ["k"], "agg": agg}).to_dict("records") == [{"k": "a", "p": 2.0, "u": 3}]


@pytest.mark.parametrize(
    ("step", "error", "pointer"),
    [
        ({"by": ["k", "x"], "agg": {"t": ["v", "sum"]}}, ColumnUnknown, "/by/1"),
        ({"by": ["k"], "agg": {"t": ["x", "sum"]}}, ColumnUnknown, "/agg/t/0"),
        ({"by": ["k"], "agg": {"t": ["x * v", "sum"]}}, ColumnUnknown, "/agg/t/0"),
        ({"by": ["k"], "agg": {"a/b": ["no name", "sum"]}}, ColumnUnknown, "/agg/a~1b/0"),
        ({"by": ["k"], "agg": {"t": [["v", "x"], "corr"]}}, ColumnUnknown, "/agg/t/0/1"),
        ({"by": ["k"], "agg": {"k": ["v", "sum"]}}, ColumnTaken, "/agg/k"),
        ({"by": ["k", "k"], "agg": {"t": ["v", "sum"]}}, ColumnTaken, "/by/1"),
        ({"by": ["d"], "agg": {"t": ["v", "sum"]}}, ColumnAmbiguous, "/by/0"),
        ({"by": ["k"], "agg": {"t": ["d", "sum"]}}, ColumnAmbiguous, "/agg/t/0"),
        ({"by": ["k"], "agg": {}}, PipelineError, "/agg"),
        ({"by": ["k"]}, PipelineError, "/agg"),
        ({"by": [], "agg": {"t": ["v", "sum"]}}, PipelineError, "/by"),
        ({"by": ["k"], "agg": {"t": ["v", "sun"]}}, PipelineError, "/agg/t/1"),
        ({"by": ["k"], "agg": {"t": ["v", "apply"]}}, PipelineError, "/agg/t/1"),
        ({"by": ["k"], "agg": {"t": ["v", "__class__"]}}, PipelineError, "/agg/t/1"),
        ({"by": ["k"], "agg": {"t": ["v"]}}, PipelineError, "/agg/t"),
        ({"by": ["k"], "agg": {"t": "sum"}}, PipelineError, "/agg/t"),
        ({"by": ["k"], "agg": {"t": [None, "sum"]}}, PipelineError, "/agg/t/0"),
        ({"by": ["k"], "agg": {"t": ["v", "quantile", {"q": 2}]}}, PipelineError, "/agg/t/2/q"),
        ({"by": ["k"], "agg": {"t": ["v", "std", {"ddof": True}]}}, PipelineError, "/agg/t/2/ddof"),
        ({"by": ["k"], "agg": {"t": ["v", "sum", {"q": 1}]}}, PipelineError, "/agg/t/2/q"),
        ({"by": ["k"], "agg": {"t": ["().__class__", "sum"]}}, FramequeueError, "/agg/t/0"),
    ],
)
def test_what_is_wrong_is_pointed_at(step, error, pointer):
    frame = pd.DataFrame([[1, 2.0, 3, 4]], columns=["k", "v", "d", "d"])
    with pytest.raises(error) as caught:
        run(frame, {"op": "groupby", **step})
    assert [place.pointer for place in caught.value.places] == ["/pipeline/0" + pointer]


@pytest.mark.parametrize("rows", [1, 300, 6_000])
@pytest.mark.parametrize("in_order", [False, True])
@pytest.mark.parametrize("sort", [False, True])
def test_text_keys_give_the_bits_that_pandas_gives(rows, in_order, sort):
    draw = np.random.default_rng(rows)
    keys = draw.choice(["b", "a", "é", "", "z\u00ff", "\U0001f600", "Z"], rows)
    frame = pd.DataFrame(
        {"k": sorted(keys) if in_order else keys, "v": draw.normal(0, 1e9, rows), "n": draw.integers(0, 9, rows)}
    )
    agg = {"sum": ("v", "sum"), "mean": ("v", "mean"), "max": ("n", "max"), "ints": ("n", "mean"), "std": ("v", "std")}
    expected = frame.groupby("k", sort=sort).agg(**agg).reset_index()
    step = {"op": "groupby", "by": "k", "sort": sort, "agg": {name: list(how) for name, how in agg.items()}}
    result = Pipeline.parse([step], ["df"], Catalogue()).run({"df": frame})
    pd.testing.assert_frame_equal(result, expected, check_exact=True)
