"""Generated steps of the ops of combine."""

from typing import Any, Final

from hypothesis import strategies as st

from tests.unit.transforms.steps.words import COLUMN, COLUMNS, HOW, OTHER, step

_SUFFIXES = st.sampled_from([["_x", "_y"], [None, "_r"], ["", "_y"], [None, None]])
_ONE = st.lists(OTHER, min_size=1, max_size=1)
_BY_KEYS = HOW.filter(lambda how: how != "cross")
_ON = COLUMNS | st.none()

STEPS: Final[dict[str, st.SearchStrategy[dict[str, Any]]]] = {
    "merge": step("merge", right=OTHER, how=HOW, on=COLUMNS) | step("merge", right=OTHER, how=HOW)
    | step("merge", right=OTHER, left_on=COLUMN, right_on=COLUMN, how=_BY_KEYS, suffixes=_SUFFIXES)
    | step("merge", right=OTHER, on=COLUMN, indicator=st.sampled_from([True, "new", "v"]), validate=st.just("m:1"))
    | step("merge", right=OTHER, on=COLUMN, sort=st.booleans(), how=st.sampled_from(["semi", "left_anti", "right"])),
    "merge_asof": step("merge_asof", right=OTHER, on=COLUMN)
    | step("merge_asof", right=OTHER, left_on=COLUMN, right_on=COLUMN, by=COLUMN, suffixes=_SUFFIXES)
    | step("merge_asof", right=OTHER, on=COLUMN, tolerance=st.sampled_from([1, 0.5, "5min"])),
    "merge_ordered": step("merge_ordered", right=OTHER, on=COLUMN, fill_method=st.sampled_from([None, "ffill"]))
    | step("merge_ordered", right=OTHER, on=COLUMN, left_by=COLUMNS, how=st.sampled_from(["left", "right", "outer"]))
    | step("merge_ordered", right=OTHER, on=COLUMN, right_by=COLUMN),
    "concat": step("concat", frames=st.lists(OTHER, min_size=1, max_size=2), axis=st.sampled_from([0, 1]))
    | step("concat", frames=_ONE, keys=st.just(["a", "b"]), axis=st.sampled_from([0, 1]))
    | step("concat", frames=_ONE, join=st.just("inner"), sort=st.booleans()),
    "combine_first": step("combine_first", other=OTHER, on=_ON),
    "update": step("update", other=OTHER, on=_ON, overwrite=st.booleans(), errors=st.sampled_from(["ignore", "raise"])),
    "compare": step("compare", other=OTHER, on=_ON, keep_shape=st.booleans(), keep_equal=st.booleans()),
}  # fmt: skip
