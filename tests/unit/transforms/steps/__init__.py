"""Generated steps of every op, by op: for the property tests that hold all ops to one rule."""

from typing import Any, Final

from hypothesis import strategies as st

from tests.unit.transforms.steps import aggregate, check, columns, combine, groups, reshape, rows, values

STEPS: Final[dict[str, st.SearchStrategy[dict[str, Any]]]] = {
    op: steps
    for family in (rows, columns, values, aggregate, groups, reshape, combine, check)
    for op, steps in family.STEPS.items()
}
