"""Generated steps of the ops of check."""

from typing import Any, Final

from hypothesis import strategies as st

from tests.unit.transforms.steps.words import COLUMN, COLUMNS, DTYPE, step

BOUND = st.sampled_from([0, 1, -2.25, 2**62, "a", "2001-01-01", "1h"])
RULES = st.fixed_dictionaries(
    {"nullable": st.booleans()},
    optional={
        "dtype": DTYPE,
        "unique": st.booleans(),
        "required": st.booleans(),
        "ge": BOUND,
        "lt": BOUND,
        "isin": st.sampled_from([["a", "b", "x", "y", ""], [0, 1, 2, 1.5], ["2024-01-31", "1999-12-31"], [True]]),
        "matches": st.sampled_from(["[a-z]", "a$", "x|y|"]),
        "min_length": st.integers(0, 1),
        "max_length": st.integers(0, 1),
    },
)
STEPS: Final[dict[str, st.SearchStrategy[dict[str, Any]]]] = {
    "expect": step(
        "expect", schema=st.dictionaries(COLUMN, RULES, max_size=2), strict=st.sampled_from([False, False, True]),
        unique=st.none() | st.none() | COLUMNS,
        report_duplicates=st.sampled_from(["all", "exclude_first", "exclude_last"]),
    ),
}  # fmt: skip
