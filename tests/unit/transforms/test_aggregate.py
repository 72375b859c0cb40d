"""Aggregates of the whole frame: each op answers as the plain pandas call does."""

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from jobs.errors import ArgumentInvalid, ColumnTaken, ColumnUnknown, DtypeUnsuitable, OutputTooLarge
from jobs.pipeline import Pipeline
from tests.unit.transforms.frames import CATALOGUE, any_frames, frames, run

same = pd.testing.assert_frame_equal
quick = settings(max_examples=30, deadline=None)
NUMBERS = ("int64", "float64", "Int64", "bool")
REFUSED = (TypeError, ValueError, NotImplementedError, OverflowError, AttributeError, pa.ArrowException)
EXACT = ("sum", "min", "max", "count", "nunique", "any", "all", "idxmax", "idxmin")
INEXACT = ("mean", "median", "prod", "std", "var", "sem", "skew", "kurt", "quantile")


def cells(values):
    return [None if pd.api.types.is_scalar(one) and pd.isna(one) else one for one in values]


def like(step, frame, plain):
    """The step's values are pandas' own, named after the op; what pandas refuses is refused."""
    try:
        expected = plain(frame)
    except REFUSED:
        with pytest.raises(DtypeUnsuitable):
            run(frame, step)
        return
    made = run(frame, step)
    assert cells(made[step["op"]]) == cells(expected)
    if step.get("axis", 0) == 0:
        assert made["column"].tolist() == list(expected.index)


@quick
@given(frames(dtypes=(*NUMBERS, "str")), st.booleans(), st.booleans(), st.sampled_from([0, 1]))
@pytest.mark.parametrize("op", ["sum", "mean", "median", "min", "max", "prod"])
@pytest.mark.filterwarnings("ignore::RuntimeWarning")
def test_totals(op, frame, skipna, numeric_only, axis):
    words = {"skipna": skipna, "numeric_only": numeric_only, "axis": axis}

    def plain(given):
        if op == "prod" and axis == 1 and not numeric_only and "str" in given.dtypes.to_list():
            raise TypeError  # pandas repeats the text
        return getattr(given, op)(**words)

    like({"op": op, **words}, frame, plain)


def test_no_text_is_repeated_by_a_product():
    frame = pd.DataFrame({"k": ["abc"], "v": [2**62]})
    with pytest.raises(DtypeUnsuitable, match=r"column 'k' \(str\): only numbers can be multiplied"):
        run(frame, {"op": "prod", "axis": "columns"})
    assert run(frame, {"op": "prod", "axis": "columns", "numeric_only": True})["prod"].tolist() == [2**62]


@quick
@given(frames(dtypes=("int64", "float64", "Int64")), st.booleans(), st.sampled_from([0, 1]))
@pytest.mark.parametrize("op", ["std", "var", "sem"])
@pytest.mark.filterwarnings("ignore::RuntimeWarning")
def test_spread(op, frame, skipna, ddof):
    words = {"skipna": skipna, "ddof": ddof}
    like({"op": op, **words}, frame, lambda f: getattr(f, op)(**words))


@quick
@given(frames(dtypes=("int64", "float64")))
@pytest.mark.parametrize("op", ["skew", "kurt"])
@pytest.mark.filterwarnings("ignore::RuntimeWarning")
def test_shape(op, frame):
    like({"op": op}, frame, lambda f: getattr(f, op)())


@quick
@given(frames(), st.booleans())
def test_counts(frame, flag):
    like({"op": "count", "numeric_only": flag}, frame, lambda f: f.count(numeric_only=flag))
    like({"op": "nunique", "dropna": flag}, frame, lambda f: f.nunique(dropna=flag))


@settings(max_examples=15)
@given(any_frames())
@pytest.mark.parametrize("op", [*EXACT, *INEXACT])
@pytest.mark.filterwarnings("ignore::RuntimeWarning")
def test_of_every_dtype(op, frame):
    """Decimals stay exact where that can be, and are floats elsewhere."""
    decimals = [place for place, dtype in enumerate(frame.dtypes) if "decimal" in str(dtype)]
    ready = frame.copy()
    for place in decimals if op in INEXACT else ():
        ready.isetitem(place, ready.iloc[:, place].astype("float64"))
    like({"op": op}, frame, lambda _: getattr(ready, op)())


@settings(max_examples=30)
@given(st.lists(st.tuples(st.sampled_from([0, 1, 2**62]), st.sampled_from([0.5, None, -1.0]))))
@pytest.mark.filterwarnings("ignore::RuntimeWarning")
def test_agg_gives_one_row_of_what_the_columns_give(rows):
    frame = pd.DataFrame(rows, columns=["n", "x"]).astype({"n": "int64", "x": "float64"})
    functions = ["sum", "mean", "min", "max", "median", "std", "count", "nunique"]
    named = {f"{name}_{one}": [name, one] for name in frame for one in functions}
    made = run(frame, {"op": "agg", "agg": {**named, "rows": [None, "size"], "twice": ["x * 2", "sum"]}})
    plain = {name: getattr(frame[source], one)() for name, (source, one) in named.items()}
    expected = [*plain.values(), len(frame), (frame["x"] * 2).sum()]
    floats = made.astype("float64").iloc[0].to_numpy()
    np.testing.assert_allclose(floats, np.array(expected, dtype="float64"), rtol=1e-12)
    assert (list(made), len(made)) == ([*plain, "rows", "twice"], 1)


@pytest.mark.parametrize(
    ("agg", "error", "pointer"),
    [
        ({"m": ["amuont", "sum"]}, ColumnUnknown, "/agg/m/0"),
        ({"m": ["amount", "summ"]}, ArgumentInvalid, "/agg/m/1"),
        ({"m": ["name", "mean"]}, DtypeUnsuitable, "/agg/m/0"),
    ],
)
def test_what_is_wrong_with_an_aggregation_is_pointed_at(agg, error, pointer):
    with pytest.raises(error) as caught:
        run(pd.DataFrame({"amount": [1], "name": ["x"]}), {"op": "agg", "agg": agg})
    assert caught.value.places[0].pointer == "/pipeline/0" + pointer


def test_combinations_of_categories_are_bounded():
    three = pd.Categorical(["x"], categories=[*"xyz"])
    frame = pd.DataFrame({"a": three, "b": three})
    pipeline = Pipeline.parse([{"op": "value_counts"}], ["df"], CATALOGUE)
    assert len(pipeline.run({"df": frame}, max_rows=9)) == 9
    with pytest.raises(OutputTooLarge):
        pipeline.run({"df": frame}, max_rows=8)


@quick
@given(frames(dtypes=NUMBERS), st.booleans())
@pytest.mark.parametrize("op", ["any", "all"])
def test_truth(op, frame, skipna):
    like({"op": op, "skipna": skipna}, frame, lambda f: getattr(f, op)(skipna=skipna))


@quick
@given(frames(dtypes=("int64", "bool", "str")))
@pytest.mark.parametrize("op", ["idxmax", "idxmin"])
def test_places_of_extremes(op, frame):
    like({"op": op}, frame, lambda f: getattr(f, op)())


@quick
@given(frames(dtypes=("int64", "float64")), st.sampled_from(["linear", "lower", "nearest"]))
def test_quantiles(frame, interpolation):
    words = {"interpolation": interpolation}
    like({"op": "quantile", "q": 0.25, **words}, frame, lambda f: f.quantile(0.25, **words))
    made = run(frame, {"op": "quantile", "q": [0.1, 0.9], **words})
    assert made["index"].tolist() == [0.1, 0.9]
    plain = frame.quantile([0.1, 0.9], **words)
    assert [cells(made[name]) for name in frame] == [cells(plain[name]) for name in frame]


@quick
@given(frames(dtypes=(*NUMBERS, "str", "category")), st.booleans())
def test_mode(frame, dropna):
    made, plain = run(frame, {"op": "mode", "dropna": dropna}), frame.mode(dropna=dropna)
    assert [cells(made[name]) for name in frame] == [cells(plain[name]) for name in frame]


@quick
@given(frames(dtypes=("int64", "float64")), st.sampled_from(["pearson", "spearman"]))
@pytest.mark.filterwarnings("ignore::RuntimeWarning")
def test_correlations(frame, method):
    plain = frame.corr(method=method)
    made = run(frame, {"op": "corr", "method": method})
    assert made.pop("index").tolist() == list(frame.columns)
    np.testing.assert_array_equal(made.to_numpy("float64"), plain.to_numpy("float64"))
    made = run(frame, {"op": "cov", "ddof": 0})
    np.testing.assert_array_equal(made.drop(columns="index").to_numpy("float64"), frame.cov(ddof=0).to_numpy("float64"))


@quick
@given(frames(), st.booleans(), st.booleans(), st.booleans())
def test_value_counts(frame, normalize, sort, dropna):
    words = {"normalize": normalize, "sort": sort, "dropna": dropna}
    made = run(frame, {"op": "value_counts", "subset": ["k", "w"], **words})
    plain = frame.value_counts(["k", "w"], **words).reset_index()
    assert made.columns.tolist() == ["k", "w", "value_counts"]
    assert cells(made["value_counts"]) == cells(plain.iloc[:, 2])
    assert cells(made["k"]) == cells(plain["k"])


def test_memory_usage():
    frame = pd.DataFrame({"a": [1, 2]})
    assert run(frame, {"op": "memory_usage"})["column"].tolist() == ["Index", "a"]


@pytest.mark.parametrize(
    ("step", "error", "pointer"),
    [
        ({"op": "quantile", "q": 2}, ArgumentInvalid, "/pipeline/0/q"),
        ({"op": "value_counts", "subset": "amuont"}, ColumnUnknown, "/pipeline/0/subset"),
        ({"op": "corr"}, DtypeUnsuitable, "/pipeline/0"),
        ({"op": "mean"}, DtypeUnsuitable, "/pipeline/0"),
    ],
)
def test_what_cannot_be_is_pointed_at(step, error, pointer):
    with pytest.raises(error) as caught:
        run(pd.DataFrame({"amount": [1], "name": ["x"]}), step)
    assert caught.value.places[0].pointer.startswith(pointer)


def test_a_name_that_is_taken():
    with pytest.raises(ColumnTaken):
        run(pd.DataFrame({"index": [1.0], "b": [2.0]}), {"op": "corr"})
    with pytest.raises(ColumnTaken):
        run(pd.DataFrame({"value_counts": [1]}), {"op": "value_counts"})
