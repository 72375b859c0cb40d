"""Generated steps of the ops of columns."""

from typing import Any, Final

from hypothesis import strategies as st

from tests.unit.transforms.steps.words import COLUMN, COLUMNS, DTYPE, EXPRESSIONS, step

_TEXT = st.sampled_from(["", "k", "_x"])
_FILL = st.sampled_from([None, None, 0, 1.5, "a", True])
_LABEL = st.sampled_from([1, 2, 0.0, "a", "x", None, True, "2024-01-31"])
_FORMULA = st.tuples(COLUMN, EXPRESSIONS).map(" = ".join)
_KINDS = st.sampled_from(
    [
        "number",
        "int64",
        "bool",
        "str",
        "object",
        ["category", "datetime"],
        ["datetimetz", "timedelta"],
        ["Int64", "float"],
    ]
)
STEPS: Final[dict[str, st.SearchStrategy[dict[str, Any]]]] = {
    "select": step("select", columns=COLUMNS),
    "assign": step("assign", columns=st.dictionaries(COLUMN, EXPRESSIONS, min_size=1, max_size=2)),
    "rename": step("rename", columns=st.dictionaries(COLUMN, COLUMN, min_size=1, max_size=2)),
    "drop": step("drop", columns=COLUMNS) | step("drop", index=st.integers(0, 2)),
    "astype": step("astype", dtype=DTYPE | st.dictionaries(COLUMN, DTYPE, min_size=1, max_size=2)),
    "filter": step("filter", items=COLUMNS) | step("filter", like=COLUMN) | step("filter", regex=st.just("^[kvx]")),
    "add_prefix": step("add_prefix", prefix=_TEXT),
    "add_suffix": step("add_suffix", suffix=_TEXT),
    "set_axis": step("set_axis", labels=st.lists(COLUMN, min_size=2, max_size=4)),
    "reindex": (
        step("reindex", columns=COLUMNS, fill_value=_FILL)
        | step("reindex", on=COLUMN, labels=st.lists(_LABEL, max_size=3), fill_value=_FILL)
        | step("reindex", on=COLUMN, labels=st.lists(_LABEL, max_size=3), method=st.sampled_from(["ffill", "nearest"]))
    ),
    "eval": step("eval", expr=_FORMULA | st.lists(_FORMULA, min_size=2, max_size=3).map("\n".join) | EXPRESSIONS),
    "convert_dtypes": step("convert_dtypes"),
    "infer_objects": step("infer_objects"),
    "select_dtypes": step("select_dtypes", include=_KINDS) | step("select_dtypes", include=_KINDS, exclude=_KINDS),
}  # fmt: skip
