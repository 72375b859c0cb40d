"""Generated steps of the ops of groups."""

from typing import Any, Final

from hypothesis import strategies as st

from tests.unit.transforms.steps.words import COLUMN, COLUMNS, EXPRESSIONS, FUNCTIONS, step

STEPS: Final[dict[str, st.SearchStrategy[dict[str, Any]]]] = {
    "groupby": step(
        "groupby", by=COLUMNS, agg=st.dictionaries(COLUMN, st.tuples(COLUMN | EXPRESSIONS, FUNCTIONS), min_size=1),
        observed=st.booleans(),
    ),
}  # fmt: skip
