"""Generated steps of the ops of aggregate."""

from typing import Any, Final

from hypothesis import strategies as st

from tests.unit.transforms.steps.words import step

STEPS: Final[dict[str, st.SearchStrategy[dict[str, Any]]]] = {
    "describe": step("describe", include=st.sampled_from([None, "all"])),
}  # fmt: skip
