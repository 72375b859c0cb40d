"""Generated steps of the ops of rows."""

from typing import Any, Final

from hypothesis import strategies as st

from tests.unit.transforms.steps.words import COLUMN, COLUMNS, EXPRESSIONS, step

STEPS: Final[dict[str, st.SearchStrategy[dict[str, Any]]]] = {
    "query": step("query", expr=EXPRESSIONS),
    "head": step("head", n=st.integers(-2, 3)),
    "tail": step("tail", n=st.integers(-2, 3)),
    "slice": step("slice", start=st.integers(-2, 3)),
    "sort_values": step("sort_values", by=COLUMNS),
    "nlargest": step("nlargest", n=st.integers(0, 3), columns=COLUMN),
    "nsmallest": step("nsmallest", n=st.integers(0, 3), columns=COLUMNS),
    "drop_duplicates": step("drop_duplicates", subset=st.none() | COLUMNS),
    "dropna": step("dropna", axis=st.sampled_from([0, "columns"]), how=st.sampled_from(["any", "all"])),
}  # fmt: skip
