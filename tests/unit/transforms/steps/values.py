"""Generated steps of the ops of values."""

from typing import Any, Final

from hypothesis import strategies as st

from tests.unit.transforms.steps.words import COLUMN, step

STEPS: Final[dict[str, st.SearchStrategy[dict[str, Any]]]] = {
    "fillna": step("fillna", value=st.sampled_from([0, "z", 1.5]) | st.dictionaries(COLUMN, st.just(0), min_size=1)),
}  # fmt: skip
