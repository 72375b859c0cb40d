"""Generated steps of the ops of columns."""

from typing import Any, Final

from hypothesis import strategies as st

from tests.unit.transforms.steps.words import COLUMN, COLUMNS, DTYPE, EXPRESSIONS, step

STEPS: Final[dict[str, st.SearchStrategy[dict[str, Any]]]] = {
    "select": step("select", columns=COLUMNS),
    "assign": step("assign", columns=st.dictionaries(COLUMN, EXPRESSIONS, min_size=1, max_size=2)),
    "rename": step("rename", columns=st.dictionaries(COLUMN, COLUMN, min_size=1, max_size=2)),
    "drop": step("drop", columns=COLUMNS) | step("drop", index=st.integers(0, 2)),
    "astype": step("astype", dtype=DTYPE | st.dictionaries(COLUMN, DTYPE, min_size=1, max_size=2)),
}  # fmt: skip
