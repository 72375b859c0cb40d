"""groupby with verbs that give rows for rows: as pandas, with nullable integers where pandas makes floats."""

from decimal import Decimal

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from jobs.errors import ArgumentInvalid, ColumnAmbiguous, DtypeUnsuitable, OutputTooLarge, PipelineError
from jobs.pipeline import Pipeline
from tests.unit.transforms.frames import CATALOGUE, any_frames, frames, run
from tests.unit.transforms.grouped import alike, either

quick = settings(max_examples=20, deadline=None)
ROWS = frames(names=("k", "q", "v", "w"))
OPTIONS = st.fixed_dictionaries({"sort": st.booleans(), "dropna": st.booleans(), "observed": st.booleans()})
BY = st.sampled_from([["k"], ["k", "q"]])
pytestmark = pytest.mark.filterwarnings("ignore:overflow encountered:RuntimeWarning")


@quick
@given(any_frames(), st.data(), OPTIONS)
def test_rows_of_each_group(frame, data, options):
    key = data.draw(st.sampled_from(list(frame.columns)))
    verb = data.draw(st.sampled_from(["head", "tail", "nth"]))
    n = data.draw(
        st.integers(-2, 3) if verb != "nth" else st.integers(-2, 3) | st.lists(st.integers(-2, 3), min_size=1)
    )
    step = {"op": "groupby", "by": key, verb: {"n": n}, **options}
    if list(frame.columns).count(key) > 1:
        with pytest.raises(ColumnAmbiguous):
            run(frame, step)
        return
    wanted = getattr(frame.groupby(key, **options), verb)(n).reset_index(drop=True)
    alike(run(frame, step), wanted)


@quick
@given(ROWS, BY, OPTIONS, st.sampled_from(["any", "all"]), st.integers(-2, 2))
def test_the_nth_without_nulls(frame, by, options, how, n):
    wanted = frame.dropna(how=how).groupby(by, **options).nth(n).reset_index(drop=True)
    alike(run(frame, {"op": "groupby", "by": by, "nth": {"n": n, "dropna": how}, **options}), wanted)


@quick
@given(ROWS, BY, OPTIONS, st.sampled_from([{"n": 1}, {"frac": 0.5}, {"n": 3, "replace": True}]), st.integers(0, 99))
def test_samples(frame, by, options, words, seed):
    step = {"op": "groupby", "by": by, "sample": {**words, "random_state": seed}, **options}
    made = run(frame, step)
    if len(frame.dropna(subset=by)) and (
        options["dropna"] or frame[by].notna().all(axis=None)
    ):  # pandas fails on these
        wanted = frame.groupby(by, **{**options, "observed": True}).sample(**words, random_state=seed)
        alike(made, wanted.reset_index(drop=True))


def test_samples_are_bounded_and_weighted():
    frame = pd.DataFrame({"k": list("aab"), "p": [0.0, 1.0, 2.0]})
    step = {"op": "groupby", "by": "k", "sample": {"n": 2, "replace": True, "weights": "p", "random_state": 1}}
    assert run(frame, step)["p"].tolist() == [1.0, 1.0, 2.0, 2.0]
    for sample, error, pointer in (
        ({"n": 10**9, "replace": True}, OutputTooLarge, "/sample/n"),
        ({"n": 2}, ArgumentInvalid, "/sample/n"),
        ({"weights": "k"}, DtypeUnsuitable, "/sample/weights"),
    ):
        with pytest.raises(error) as caught:
            Pipeline.parse([{**step, "sample": sample}], ["df"], CATALOGUE).run({"df": frame}, max_rows=100)
        assert caught.value.places[0].pointer == "/pipeline/0" + pointer


@quick
@given(ROWS, BY, OPTIONS, st.booleans(), st.sampled_from(["ngroup", "cumcount"]))
def test_numbers_of_groups_and_rows(frame, by, options, ascending, verb):
    wanted = getattr(frame.groupby(by, **options), verb)(ascending=ascending).to_frame(verb)
    alike(run(frame, {"op": "groupby", "by": by, verb: {"ascending": ascending}, **options}), wanted)
    added = run(
        frame, {"op": "groupby", "by": by, "transform": {"n": [None, verb, {"ascending": ascending}]}, **options}
    )
    alike(added, frame.assign(n=wanted[verb]))


MOVES = st.one_of(
    st.tuples(st.just("shift"), st.fixed_dictionaries({"periods": st.integers(-2, 2)})),
    st.tuples(st.just("diff"), st.fixed_dictionaries({"periods": st.sampled_from([1, -1, 2])})),
    st.tuples(st.just("pct_change"), st.just({})),
    st.tuples(
        st.just("rank"),
        st.fixed_dictionaries(
            {
                "method": st.sampled_from(["average", "min", "max", "first", "dense"]),
                "ascending": st.booleans(),
                "na_option": st.sampled_from(["keep", "top", "bottom"]),
                "pct": st.booleans(),
            }
        ),
    ),
    st.tuples(st.sampled_from(["cumsum", "cumprod", "cummax", "cummin"]), st.just({}) | st.just({"skipna": False})),
    st.tuples(st.sampled_from(["ffill", "bfill"]), st.just({}) | st.just({"limit": 1})),
)


def exact(frame):
    """Integers and booleans as the nullable ones that hold the same values."""
    return frame.astype(
        {name: str(kind).replace("int", "Int") for name, kind in frame.dtypes.items() if kind == "int64"}
    )


@settings(max_examples=40, deadline=None)
@given(ROWS, BY, OPTIONS, MOVES)
def test_moves_ranks_and_running_totals(frame, by, options, move):
    verb, words = move

    others = [name for name in frame if name not in by]

    def plain(given, names=others):
        grouped = exact(given).groupby(by, **{**options, "observed": True})
        found = getattr(grouped[names], verb)(**words)
        return found if verb not in ("rank", "pct_change") else found.astype("float64")

    takes = "b" if verb in ("diff", "pct_change") else ""
    either({"op": "groupby", "by": by, verb: words, **options}, frame, plain, takes=takes)
    for name in others:
        step = {"op": "groupby", "by": by, "transform": {"new": [name, verb, words]}, **options}
        either(step, frame, lambda given, name=name: given.assign(new=plain(given, [name])[name]), takes=takes)


@settings(max_examples=40, deadline=None)
@given(
    ROWS, BY, OPTIONS,
    st.sampled_from(["sum", "mean", "min", "max", "first", "last", "count", "nunique", "median", "std", "any", "size"]),
)  # fmt: skip
def test_transform_adds_what_agg_gives(frame, by, options, function):
    def plain(given):
        found = exact(given).groupby(by, **{**options, "observed": True})["v"].transform(function)
        return given.assign(v=found)

    either({"op": "groupby", "by": by, "transform": {"v": ["v", function]}, **options}, frame, plain)


def decimals(*values):
    return pd.array(
        [None if one is None else Decimal(one) for one in values], dtype=pd.ArrowDtype(pa.decimal128(20, 2))
    )


def test_decimals_are_moved_ranked_and_compared_exactly():
    huge = "100000000000000000.01"
    frame = pd.DataFrame({"k": ["a"] * 5, "v": decimals(huge, "100000000000000000.02", None, huge, "0.05")})
    rows = {"m": ["v", "cummax"], "s": ["v", "shift"], "r": ["v", "rank"], "f": ["v", "ffill"], "i": ["v", "idxmax"]}
    made = run(frame, {"op": "groupby", "by": "k", "transform": rows | {"t": ["v", "sum"], "c": ["v", "cumsum"]}})
    more = Decimal("100000000000000000.02")
    assert made["m"].tolist() == [Decimal(huge), more, pd.NA, more, more]
    assert made["s"].tolist() == [pd.NA, Decimal(huge), more, pd.NA, Decimal(huge)]
    assert made["r"].tolist()[:2] + made["r"].tolist()[3:] == [2.5, 4.0, 2.5, 1.0]
    assert made["f"].tolist()[2] == more
    assert (made["i"].tolist(), made["t"][0]) == ([1] * 5, Decimal("300000000000000000.09"))
    assert made["c"].dtype == "float64"


def test_nullable_where_rows_have_no_group():
    frame = pd.DataFrame({"k": ["a", None, "a"], "v": [2**62 + 1, 5, 1], "b": [True, True, False]})
    made = run(
        frame, {"op": "groupby", "by": "k", "transform": {"s": ["v", "max"], "f": ["b", "ffill"], "n": [None, "size"]}}
    )
    assert [str(one) for one in made.dtypes] == ["str", "int64", "bool", "Int64", "boolean", "Int64"]
    assert made["s"].tolist() == [2**62 + 1, pd.NA, 2**62 + 1]
    assert run(frame, {"op": "groupby", "by": "k", "cumsum": {"columns": "v"}})["v"].tolist()[1:] == [pd.NA, 2**62 + 2]


def test_many_columns_in_one_step_read_the_frame_as_it_was():
    frame = pd.DataFrame({"k": ["a", "a", "b"], "v": [1.0, 3.0, 5.0]})
    new = {"v": ["v - 1", "cumsum"], "share": ["v", "sum"], "q": [["v", "v"], "cov"]}
    made = run(frame, {"op": "groupby", "by": "k", "transform": new})
    assert list(made.columns) == ["k", "v", "share", "q"]
    assert (made["v"].tolist(), made["share"].tolist()) == ([0.0, 2.0, 4.0], [4.0, 4.0, 5.0])
    assert made["q"].tolist()[:2] == [2.0, 2.0]


@pytest.mark.parametrize(
    ("step", "error", "pointer"),
    [
        ({"head": {}, "tail": {}}, PipelineError, "/tail"),
        ({"head": {"m": 1}}, PipelineError, "/head/m"),
        ({"head": {"n": 2**70}}, PipelineError, "/head/n"),
        ({"shift": {"columns": ["x"]}}, Exception, "/shift/columns/0"),
        ({"cumsum": {"columns": ["d"]}}, ColumnAmbiguous, "/cumsum/columns/0"),
        ({"cumsum": {"columns": ["s"]}}, DtypeUnsuitable, "/cumsum"),
        ({"transform": {"d": ["v", "sum"]}}, ColumnAmbiguous, "/transform/d"),
        ({"transform": {"n": ["s", "pct_change"]}}, DtypeUnsuitable, "/transform/n/0"),
        ({"transform": {"n": ["v", "shift", {"periods": 1.5}]}}, PipelineError, "/transform/n/2/periods"),
        ({"transform": {"n": ["v", "ffill", {"limit": 0}]}}, PipelineError, "/transform/n/2/limit"),
        ({"transform": {"n": ["v", "rank", {"method": "worst"}]}}, PipelineError, "/transform/n/2/method"),
        ({"shift": {"columns": "v", "fill_value": "x"}}, DtypeUnsuitable, "/shift"),
        ({"transform": {"n": ["k", "shift", {"fill_value": 0.5}]}}, DtypeUnsuitable, "/transform/n/0"),
        ({"transform": {"n": [None, "shift"]}}, PipelineError, "/transform/n/0"),
        ({"nth": {"n": [0], "dropna": "any"}}, PipelineError, "/nth/dropna"),
        ({"sample": {"n": 1, "frac": 0.5}}, PipelineError, "/sample/frac"),
    ],
)
def test_what_is_wrong_is_pointed_at(step, error, pointer):
    frame = pd.DataFrame([[1, 2.0, "x", 3, 4]], columns=["k", "v", "s", "d", "d"])
    with pytest.raises(error) as caught:
        run(frame, {"op": "groupby", "by": "k", **step})
    assert [place.pointer for place in caught.value.places] == ["/pipeline/0" + pointer]


def test_transform_by_named_functions_is_no_loop_over_groups():
    rows = 200_000
    frame = pd.DataFrame({"k": np.arange(rows) // 2, "v": np.random.default_rng(1).normal(size=rows)})
    functions = ("mean", "shift", "rank", "cumsum", "ffill")
    made = run(frame, {"op": "groupby", "by": "k", "transform": {name: ["v", name] for name in functions}})
    for name in functions:
        alike(made[[name]], frame.groupby("k")["v"].transform(name).to_frame(name))
