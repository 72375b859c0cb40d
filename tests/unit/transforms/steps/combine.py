"""Generated steps of the ops of combine."""

from typing import Any, Final

from hypothesis import strategies as st

from tests.unit.transforms.steps.words import COLUMNS, HOW, OTHER, step

STEPS: Final[dict[str, st.SearchStrategy[dict[str, Any]]]] = {
    "merge": step("merge", right=OTHER, how=HOW, on=COLUMNS) | step("merge", right=OTHER, how=HOW),
    "concat": step("concat", frames=st.lists(OTHER, min_size=1, max_size=2), axis=st.sampled_from([0, 1])),
}  # fmt: skip
