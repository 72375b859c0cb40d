"""groupby with `filter`: a condition whose reductions are of each group decides about all of its rows."""

import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from jobs.errors import ColumnUnknown, DtypeUnsuitable, FramequeueError, PipelineError
from tests.unit.transforms.frames import frames, run

CONDITIONS = {
    "v.sum() > 2": lambda part: part.v.sum() > 2,
    "v.mean() * 2 <= w.max() + 1": lambda part: part.v.mean() * 2 <= part.w.max() + 1,
    "v.count() > 1 and not (w.min() > 0)": lambda part: part.v.count() > 1 and not part.w.min() > 0,
    "(v > 0).any()": lambda part: (part.v > 0).any(),
    "(v - v.mean()).abs().max() > 1": lambda part: (part.v - part.v.mean()).abs().max() > 1,
    "(v * 2 + w).nunique() in [1, 3]": lambda part: (part.v * 2 + part.w).nunique() in [1, 3],
    "k == 'a' or v.quantile(0.5) > 0": lambda part: part.k.iloc[0] == "a" or part.v.quantile(0.5) > 0,
    "v.max() - v.min() > w.std(ddof=0)": lambda part: part.v.max() - part.v.min() > part.w.std(ddof=0),
    "v.fillna(9).min() == 9": lambda part: part.v.fillna(9).min() == 9,
    "True": lambda part: True,
}


@settings(max_examples=40, deadline=None)
@given(
    frames(names=("v", "w"), dtypes=("float64",)), st.data(), st.sampled_from(sorted(CONDITIONS)), st.booleans(),
    st.booleans(),
)  # fmt: skip
def test_groups_are_kept_whole_as_pandas_keeps_them(frame, data, condition, dropna, categories):
    frame = frame.clip(-10, 10)
    keys = data.draw(st.lists(st.sampled_from(["a", "b", None]), min_size=len(frame), max_size=len(frame)))
    frame["k"] = pd.Series(keys, dtype="category" if categories else "str")
    step = {"op": "groupby", "by": ["k"], "filter": condition, "dropna": dropna}
    if categories and "k ==" in condition and not any(keys):
        return  # categories of nothing compare with no text
    wanted = []
    for _, part in frame.groupby("k", dropna=dropna, observed=True):
        if not pd.isna(answer := CONDITIONS[condition](part)) and answer:
            wanted += part.index.tolist()
    pd.testing.assert_frame_equal(run(frame, step), frame.loc[sorted(wanted)].reset_index(drop=True))


def test_reductions_are_those_of_transform():
    """Contract: a filter decides as the same reductions would as columns."""
    frame = pd.DataFrame({"k": list("aabb"), "v": [0.1, 0.2, 0.3, -0.3], "t": ["x", "z", "y", None]})
    kept = run(frame, {"op": "groupby", "by": "k", "filter": "v.sum() >= 0.3 and t.max() == 'z'"})
    columns = {"total": ["v", "sum"], "last": ["t", "max"]}
    added = run(
        frame,
        {"op": "groupby", "by": "k", "transform": columns},
        {"op": "query", "expr": "total >= 0.3 and last == 'z'"},
    )
    pd.testing.assert_frame_equal(kept, added[list(frame)])


@pytest.mark.parametrize(
    ("condition", "error", "text"),
    [
        ("v > 0", PipelineError, r"has many values in a group; reduce it, as in v.max\(\)"),
        ("v.sum() > w", PipelineError, "column 'w' has many values"),
        ("v.shift().sum() > 0", PipelineError, "shift looks at other rows"),
        ("v.cumsum().max() > 0", PipelineError, "cumsum looks at other rows"),
        ("v.sum() >", FramequeueError, "invalid|syntax|expression|column"),
        ("x.sum() > 0", ColumnUnknown, "no column 'x'"),
        ("t.mean() > 0", DtypeUnsuitable, "mean wants numbers|cannot work on"),
        ("v.sum()", DtypeUnsuitable, "condition"),
        ("t.max() > 0", DtypeUnsuitable, "text"),
    ],
)
def test_what_is_no_condition_over_groups_is_refused(condition, error, text):
    frame = pd.DataFrame({"k": ["a", "b"], "v": [1.0, 2.0], "w": [1, 2], "t": ["x", "y"]})
    with pytest.raises(error, match=text) as caught:
        run(frame, {"op": "groupby", "by": "k", "filter": condition})
    assert caught.value.places[0].pointer == "/pipeline/0/filter"
