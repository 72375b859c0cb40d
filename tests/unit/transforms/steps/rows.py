"""Generated steps of the ops of rows."""

from typing import Any, Final

from hypothesis import strategies as st

from tests.unit.transforms.steps.words import COLUMN, COLUMNS, EXPRESSIONS, step

_VALUES = st.lists(st.sampled_from([1, 0.0, 1.5, "a", "x", None, True, "2024-01-31"]), max_size=3)
_BOUND = st.sampled_from([None, None, 0, 1.5, "a", "2000-01-01"])
_TIME = st.sampled_from(["00:00", "13:45", "23:59:59"])
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
    "duplicated": step("duplicated", subset=st.none() | COLUMNS, keep=st.sampled_from(["first", "last", False])),
    "isin": step("isin", values=_VALUES | st.dictionaries(COLUMN, _VALUES, max_size=2)),
    "sample": (
        step("sample", n=st.integers(0, 2), replace=st.booleans(), random_state=st.just(1))
        | step("sample", frac=st.sampled_from([0.0, 0.4, 1.0]), weights=COLUMN, random_state=st.just(1))
    ),
    "truncate": step("truncate", on=COLUMN, before=_BOUND, after=_BOUND),
    "between_time": step(
        "between_time", on=COLUMN, start_time=_TIME, end_time=_TIME, inclusive=st.sampled_from(["both", "left"])
    ),
    "at_time": step("at_time", on=COLUMN, time=_TIME),
}  # fmt: skip
