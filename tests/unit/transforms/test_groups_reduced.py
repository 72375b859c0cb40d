"""groupby with verbs that give a row for each group: as pandas' own methods give, index and all as columns."""

from decimal import Decimal

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from jobs.errors import ColumnAmbiguous, ColumnTaken, ColumnUnknown, DtypeUnsuitable, OutputTooLarge, PipelineError
from jobs.pipeline import Pipeline
from jobs.transforms.follows import Follows
from tests.unit.transforms.frames import CATALOGUE, any_frames, frames, run
from tests.unit.transforms.grouped import alike, either

quick = settings(max_examples=20, deadline=None)
ROWS = frames(names=("k", "q", "v", "w"))
NUMBERS = frames(names=("k", "v", "w"), dtypes=("int64", "float64", "Int64"))
OPTIONS = st.fixed_dictionaries({"sort": st.booleans(), "dropna": st.booleans(), "observed": st.booleans()})
BY = st.sampled_from([["k"], ["k", "q"]])
pytestmark = pytest.mark.filterwarnings("ignore::RuntimeWarning")
VERBS = {
    "count": [{}],
    "nunique": [{}, {"dropna": False}],
    "any": [{}, {"skipna": False}],
    "all": [{}],
    "sum": [{}, {"min_count": 2}, {"numeric_only": True}, {"skipna": False}],
    "prod": [{}],
    "min": [{}, {"numeric_only": True}],
    "max": [{}, {"skipna": False}],
    "first": [{}, {"skipna": False}],
    "last": [{}, {"min_count": 2}],
    "mean": [{}, {"numeric_only": True}],
    "median": [{"skipna": False}, {}],
    "skew": [{"numeric_only": True}],
    "kurt": [{"numeric_only": True}],
    "std": [{}, {"ddof": 0}],
    "var": [{"numeric_only": True}],
    "sem": [{"numeric_only": True}],
    "quantile": [{"q": 0.3, "numeric_only": True}, {"numeric_only": True, "interpolation": "lower"}],
    "idxmax": [{"numeric_only": True}],
    "idxmin": [{}],
}


@settings(max_examples=40, deadline=None)
@given(ROWS, BY, OPTIONS, st.sampled_from([(verb, words) for verb, many in VERBS.items() for words in many]))
def test_each_verb_is_pandas(frame, by, options, verb):
    name, words = verb
    # documented: integers and booleans stay what they are where unobserved categories make nulls
    exact = frame.astype(
        {one: str(kind).replace("int", "Int") for one, kind in frame.dtypes.items() if kind == "int64"}
    )
    given = exact if name in ("min", "max", "first", "last") else frame
    either(
        {"op": "groupby", "by": by, name: words, **options},
        frame,
        lambda _: getattr(given.groupby(by, **options), name)(**words).reset_index(),
    )


@quick
@given(any_frames(), st.data())
def test_any_frame_by_any_key(frame, data):
    key = data.draw(st.sampled_from(list(frame.columns)))
    verb = data.draw(st.sampled_from(["first", "count", "max", "nunique", "size"]))
    if list(frame.columns).count(key) > 1:
        with pytest.raises(ColumnAmbiguous):
            run(frame, {"op": "groupby", "by": key, verb: {}})
        return

    def plain(given):
        grouped = given.groupby(key, observed=True)
        return grouped.size().reset_index(name="size") if verb == "size" else getattr(grouped, verb)().reset_index()

    either({"op": "groupby", "by": key, verb: {}}, frame, plain)


@quick
@given(NUMBERS, OPTIONS)
def test_several_quantiles(frame, options):
    step = {"op": "groupby", "by": "k", "quantile": {"q": [0.9, 0.0, 0.5]}, **options}
    wanted = frame.groupby("k", **options).quantile([0.9, 0.0, 0.5])
    alike(run(frame, step), wanted.rename_axis(["k", "index"]).reset_index())


@quick
@given(NUMBERS, OPTIONS, st.sampled_from([None, [0.9, 0.125], []]))
def test_statistics(frame, options, percentiles):
    if not len(frame.dropna(subset="k" if options["dropna"] else [])) or (percentiles == [] and not len(frame)):
        return  # pandas' own fails on no groups
    wanted = frame.astype("float64").groupby(frame["k"], **options)[["v", "w"]].describe(percentiles=percentiles)
    wanted.columns = ["_".join(pair) for pair in wanted.columns]
    words = {} if percentiles is None else {"percentiles": percentiles}
    made = run(frame, {"op": "groupby", "by": "k", "describe": words, **options})
    alike(made, wanted.reset_index())


@quick
@given(NUMBERS.map(lambda frame: frame.clip(-9, 9)), st.sampled_from(["corr", "cov"]))
def test_each_two_columns(frame, verb):
    frame["k"] = np.arange(len(frame)) % 2
    made = run(frame, {"op": "groupby", "by": "k", verb: {}})
    for key, part in frame.astype({"v": "float64", "w": "float64"}).groupby("k"):
        with np.errstate(all="ignore"):
            wanted = (
                getattr(part[["v", "w"]], verb)() if len(part) > 1 else pd.DataFrame(np.nan, ["v", "w"], ["v", "w"])
            )
        mine = made[made["k"] == key].set_index("index")[["v", "w"]]
        np.testing.assert_allclose(mine.to_numpy(), wanted.to_numpy(), atol=1e-9, equal_nan=True)
    assert list(made.columns) == ["k", "index", "v", "w"]


@quick
@given(ROWS, OPTIONS, st.booleans(), st.booleans(), st.booleans(), st.booleans())
def test_counts_of_values(frame, options, normalize, ordered, ascending, nulls):
    words = {"normalize": normalize, "sort": ordered, "ascending": ascending, "dropna": nulls}

    def plain(given):
        found = given.groupby(["k"], **options).value_counts(subset=["v", "w"], **words)
        return found.reset_index(name="proportion" if normalize else "count")

    either({"op": "groupby", "by": "k", "value_counts": {"subset": ["v", "w"], **words}, **options}, frame, plain)


def test_open_high_low_close():
    frame = pd.DataFrame({"k": list("aab"), "v": [2, 1, 5], "s": list("xyz")})
    made = run(frame, {"op": "groupby", "by": "k", "ohlc": {"columns": "v"}})
    wanted = frame.groupby("k")[["v"]].ohlc()
    wanted.columns = ["_".join(pair) for pair in wanted.columns]
    alike(made, wanted.reset_index())


def test_decimals_are_exact_in_sums_and_extremes():
    values = pd.array([Decimal("0.10"), Decimal("0.20"), None], dtype=pd.ArrowDtype(pa.decimal128(12, 2)))
    frame = pd.DataFrame({"k": ["a"] * 3, "v": values})
    assert run(frame, {"op": "groupby", "by": "k", "sum": {}})["v"][0] == Decimal("0.30")
    assert run(frame, {"op": "groupby", "by": "k", "idxmax": {}})["v"][0] == 1
    assert run(frame, {"op": "groupby", "by": "k", "mean": {}})["v"].dtype == "float64"


FRAME = pd.DataFrame([[1, 2.0, "x", 3, 4]], columns=["k", "v", "s", "d", "d"])


@pytest.mark.parametrize(
    ("step", "error", "pointer"),
    [
        ({"mean": {}}, DtypeUnsuitable, "/mean"),
        ({"mean": {"columns": ["v", "s"]}}, DtypeUnsuitable, "/mean"),
        ({"sum": {"columns": ["v", "z"]}}, ColumnUnknown, "/sum/columns/1"),
        ({"sum": {"columns": "d"}}, ColumnAmbiguous, "/sum/columns"),
        ({"sum": {"columns": ["v", "v"]}}, ColumnTaken, "/sum/columns/1"),
        ({"sum": {"columns": ["k"]}}, ColumnTaken, "/sum"),
        ({"sum": {"min": 1}}, PipelineError, "/sum/min"),
        ({"quantile": {"q": 2}}, PipelineError, "/quantile/q"),
        ({"by": ["k", "k"], "size": {}}, ColumnTaken, "/by/1"),
        ({"describe": {"columns": "s"}}, DtypeUnsuitable, "/describe"),
        ({"describe": {"columns": ["d"]}}, ColumnAmbiguous, "/describe/columns/0"),
        ({"corr": {"columns": ["v", "s"]}}, DtypeUnsuitable, "/corr"),
        ({"value_counts": {"subset": ["v", "k"]}}, ColumnTaken, "/value_counts/subset/1"),
        ({"value_counts": {}}, ColumnAmbiguous, "/value_counts/subset/2"),
    ],
)
def test_what_is_wrong_is_pointed_at(step, error, pointer):
    with pytest.raises(error) as caught:
        run(FRAME, {"op": "groupby", "by": "k", **step})
    assert {place.pointer for place in caught.value.places} == {"/pipeline/0" + pointer}


def test_tables_of_groups_are_bounded():
    frame = pd.DataFrame({"k": range(100), "v": 1.0})
    step = {"op": "groupby", "by": "k", "quantile": {"q": [0.1, 0.2, 0.3]}}
    with pytest.raises(OutputTooLarge) as caught:
        Pipeline.parse([step], ["df"], CATALOGUE).run({"df": frame}, max_rows=200)
    assert caught.value.places[0].pointer == "/pipeline/0/quantile/q"


@pytest.mark.parametrize("verb", [{"sum": {"min_count": 2}}, {"agg": {"v": ["v", "sum", {"min_count": 2}]}}])
def test_totals_of_too_few_integers_are_null_and_stay_exact(verb):
    frame = pd.DataFrame({"k": [1, 1, 2], "v": [2**53, 1, 5]})
    step = {"op": "groupby", "by": "k", **verb}
    made = run(frame, step)
    assert (str(made["v"].dtype), made["v"].tolist()) == ("Int64", [2**53 + 1, pd.NA])
    assert str(run(frame[:2], step)["v"].dtype) == "int64"
    (parsed,) = Pipeline.parse([step], ["df"], CATALOGUE).steps
    assert parsed.transform.columns_follow() is Follows.NAMES


def test_what_is_filled_in_is_checked_in_all_columns():
    step = {"op": "groupby", "by": "k", "shift": {"fill_value": 0}}
    (parsed,) = Pipeline.parse([step], ["df"], CATALOGUE).steps
    assert parsed.transform.needs(frozenset({"v"})) is None
