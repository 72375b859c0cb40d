"""Generated steps of the ops of reshape."""

from typing import Any, Final

from hypothesis import strategies as st

from tests.unit.transforms.steps.words import COLUMN, COLUMNS, step

_MAYBE: Final = st.none() | COLUMN
_FUNCTION: Final = st.sampled_from(["sum", "mean", "min", "count", "first", "size", "nunique"])
_FLAG: Final = st.booleans()

STEPS: Final[dict[str, st.SearchStrategy[dict[str, Any]]]] = {
    "melt": step("melt", id_vars=st.none() | COLUMNS, value_vars=st.none() | COLUMNS, value_name=COLUMN),
    "stack": step("stack", on=st.none() | COLUMNS),
    "unstack": step("unstack", on=COLUMNS, level=st.sampled_from([-1, 0, "k"]), fill_value=st.sampled_from([None, 0])),
    "pivot": step("pivot", columns=COLUMN, index=_MAYBE, values=_MAYBE | COLUMNS),
    "pivot_table": step(
        "pivot_table", index=_MAYBE, columns=_MAYBE, values=_MAYBE | COLUMNS, aggfunc=_FUNCTION, margins=_FLAG,
        dropna=_FLAG,
    ),
    "crosstab": step(
        "crosstab", index=COLUMN, columns=COLUMN, margins=_FLAG, normalize=st.sampled_from([False, "index"])
    ),
    "explode": step("explode", column=COLUMNS),
    "transpose": step("transpose", on=_MAYBE),
    "wide_to_long": step(
        "wide_to_long", stubnames=st.sampled_from(["", "v", "z", ["w", "v"]]), i=COLUMNS, j=COLUMN,
        suffix=st.sampled_from([r"\d+", "", r"\w*"]),
    ),
    "json_normalize": step("json_normalize", column=_MAYBE) | step("json_normalize", parse=_MAYBE),
}  # fmt: skip
