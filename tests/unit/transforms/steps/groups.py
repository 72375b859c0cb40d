"""Generated steps of the ops of groups."""

from typing import Any, Final

from hypothesis import strategies as st

from tests.unit.transforms.steps.words import COLUMN, COLUMNS, EXPRESSIONS, FUNCTIONS, step

SOURCE = COLUMN | EXPRESSIONS
NAMED = st.dictionaries(COLUMN, st.tuples(SOURCE, FUNCTIONS), min_size=1, max_size=2)
ROW_WISE = st.sampled_from(["shift", "diff", "rank", "cumsum", "cummax", "ffill", "pct_change"])
ADDED = st.dictionaries(COLUMN, st.tuples(SOURCE, FUNCTIONS | ROW_WISE), min_size=1, max_size=2)
OF_COLUMNS = st.fixed_dictionaries({}, optional={"columns": COLUMNS})
OF_NUMBERS = st.fixed_dictionaries({}, optional={"columns": COLUMNS, "numeric_only": st.booleans()})
SHIFT = st.fixed_dictionaries({}, optional={"columns": COLUMNS, "fill_value": st.sampled_from([0, "", False])})
CONDITION = st.sampled_from(
    ["v.sum() > 1", "v.max() == 'a'", "(v - v.mean()).max() > 0 and k == 'a'", "w.count() > 1", "True"]
)
WINDOW = st.dictionaries(
    COLUMN, st.tuples(SOURCE, st.sampled_from(["sum", "mean", "count", "max", "std"])), min_size=1, max_size=2
)
WEIGHTED = st.dictionaries(COLUMN, st.tuples(SOURCE, st.sampled_from(["mean", "var"])), min_size=1, max_size=2)
MEANS = st.dictionaries(COLUMN, st.tuples(COLUMN, st.just("mean")), min_size=1)
BY = st.none() | COLUMNS


def by(**verb: st.SearchStrategy[Any]) -> st.SearchStrategy[dict[str, Any]]:
    """Steps of groupby with that verb."""
    return step("groupby", by=COLUMNS, dropna=st.booleans(), observed=st.booleans(), **verb)


STEPS: Final[dict[str, st.SearchStrategy[dict[str, Any]]]] = {
    "groupby": st.one_of(
        by(agg=NAMED),
        by(transform=ADDED),
        by(filter=CONDITION),
        by(head=st.fixed_dictionaries({"n": st.integers(-2, 2)})),
        by(nth=st.fixed_dictionaries({"n": st.integers(-2, 2), "dropna": st.sampled_from([None, "any"])})),
        by(sample=st.fixed_dictionaries({"frac": st.just(0.5), "random_state": st.just(1)})),
        by(size=st.just({})),
        by(ngroup=st.just({})),
        by(cumcount=st.just({})),
        by(shift=SHIFT),
        by(diff=OF_COLUMNS),
        by(rank=OF_COLUMNS),
        by(cumsum=OF_NUMBERS),
        by(ffill=OF_COLUMNS),
        by(sum=OF_NUMBERS),
        by(max=OF_NUMBERS),
        by(mean=OF_NUMBERS),
        by(nunique=OF_COLUMNS),
        by(quantile=st.fixed_dictionaries({"q": st.sampled_from([0.5, [0.1, 0.9]])}, optional={"columns": COLUMNS})),
        by(describe=OF_COLUMNS),
        by(corr=OF_NUMBERS),
        by(ohlc=OF_COLUMNS),
        by(value_counts=st.fixed_dictionaries({}, optional={"subset": COLUMNS})),
    ),
    "rolling": step("rolling", window=st.integers(0, 3), agg=WINDOW, by=BY)
    | step("rolling", window=st.just("2D"), on=COLUMN, agg=WINDOW, by=BY),
    "expanding": step("expanding", agg=WINDOW, by=BY),
    "ewm": step("ewm", com=st.just(1.0), agg=WEIGHTED, by=BY)
    | step("ewm", halflife=st.just("2D"), on=COLUMN, agg=MEANS),
    "resample": step("resample", rule=st.sampled_from(["YS", "30D"]), on=COLUMN, agg=NAMED, by=BY),
    "asfreq": step("asfreq", freq=st.sampled_from(["YE", "30D"]), on=COLUMN, fill_value=st.none() | st.just(0)),
}  # fmt: skip
