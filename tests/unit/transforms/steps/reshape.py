"""Generated steps of the ops of reshape."""

from typing import Any, Final

from hypothesis import strategies as st

STEPS: Final[dict[str, st.SearchStrategy[dict[str, Any]]]] = {}
