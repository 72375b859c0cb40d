"""Reshaping any frame, of every dtype and with odd and equal names: an answer, or an error that names what is wrong."""

from typing import Any

import pandas as pd
from hypothesis import given, settings
from hypothesis import strategies as st

from jobs.codecs.frames import from_pandas
from tests.unit.transforms.frames import any_frames, run
from tests.unit.transforms.reshaping import OURS, refused

FUNCTION = st.sampled_from(["sum", "mean", "min", "count", "first", "nunique", "std", "idxmax", "any", "size"])


@st.composite
def steps_over(draw: st.DrawFn) -> tuple[pd.DataFrame, dict[str, Any]]:
    """A frame, and a step of this family over its columns."""
    frame = draw(any_frames())
    name = st.sampled_from([str(label) for label in frame.columns])
    names = st.lists(name, min_size=1, max_size=2, unique=True)
    index, columns, maybe = draw(name), draw(name), draw(st.none() | names)
    flags = {"margins": draw(st.booleans()), "dropna": draw(st.booleans())}
    step = draw(
        st.sampled_from(
            [
                {"op": "melt", "id_vars": index, "value_vars": maybe},
                {"op": "stack", "on": maybe},
                {"op": "unstack", "on": [index, columns] if index != columns else index},
                {"op": "pivot", "index": index, "columns": columns, "values": maybe},
                {"op": "pivot", "columns": columns},
                {"op": "pivot_table", "index": index, "columns": columns, "aggfunc": draw(FUNCTION), **flags},
                {"op": "pivot_table", "columns": columns, "values": maybe, "aggfunc": [draw(FUNCTION)]},
                {"op": "crosstab", "index": index, "columns": columns, **flags, "normalize": draw(st.booleans())},
                {"op": "explode", "column": columns},
                {"op": "transpose", "on": draw(st.none() | name)},
                {"op": "wide_to_long", "stubnames": columns[:1], "i": index, "j": "j", "suffix": ".*"},
                {"op": "json_normalize"},
                {"op": "json_normalize", "column": columns},
            ]
        )
    )
    return frame, step


@settings(max_examples=60, deadline=None)
@given(steps_over())
def test_an_answer_or_an_error_of_ours(given_: tuple[pd.DataFrame, dict[str, Any]]) -> None:
    frame, step = given_
    try:
        made = run(frame, step)
    except OURS:
        refused(frame, step)
    else:
        names = [str(name) for name in made.columns]
        assert made.columns.nlevels == 1
        assert all(isinstance(name, str) for name in made.columns)
        assert len(set(names)) == len(names) or not frame.columns.is_unique
        table, warnings = from_pandas(made)
        assert (table.num_rows, table.num_columns) == made.shape
        assert not [one for one in warnings if one.code == "mixed_to_text"]
