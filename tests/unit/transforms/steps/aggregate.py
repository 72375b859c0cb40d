"""Generated steps of the ops of aggregate."""

from typing import Any, Final

from hypothesis import strategies as st

from tests.unit.transforms.steps.words import COLUMN, COLUMNS, EXPRESSIONS, FUNCTIONS, step

_FLAG = st.booleans()
_AXIS = st.sampled_from([0, 0, "columns"])


def _skipping(op: str, **more: st.SearchStrategy[Any]) -> st.SearchStrategy[dict[str, Any]]:
    return step(op, axis=_AXIS, skipna=_FLAG, numeric_only=_FLAG, **more)


STEPS: Final[dict[str, st.SearchStrategy[dict[str, Any]]]] = {
    "agg": step("agg", agg=st.dictionaries(COLUMN, st.tuples(COLUMN | EXPRESSIONS, FUNCTIONS), min_size=1, max_size=2)),
    "describe": step("describe", include=st.sampled_from([None, "all"])),
    **{op: _skipping(op) for op in ("mean", "median", "min", "max", "skew", "kurt", "idxmax", "idxmin")},
    **{op: _skipping(op, min_count=st.integers(0, 2)) for op in ("sum", "prod")},
    **{op: _skipping(op, ddof=st.integers(0, 1)) for op in ("std", "var", "sem")},
    "count": step("count", axis=_AXIS, numeric_only=_FLAG),
    "nunique": step("nunique", axis=_AXIS, dropna=_FLAG),
    "any": step("any", axis=_AXIS, bool_only=_FLAG, skipna=_FLAG),
    "all": step("all", axis=_AXIS, bool_only=_FLAG, skipna=_FLAG),
    "quantile": step(
        "quantile", q=st.sampled_from([0.5, [0.0, 0.75]]), numeric_only=_FLAG,
        interpolation=st.sampled_from(["linear", "lower"]),
    ),
    "mode": step("mode", numeric_only=_FLAG, dropna=_FLAG),
    "corr": step("corr", method=st.sampled_from(["pearson", "spearman"]), numeric_only=_FLAG),
    "cov": step("cov", ddof=st.integers(0, 1), numeric_only=_FLAG),
    "value_counts": step(
        "value_counts", subset=st.none() | COLUMNS, normalize=_FLAG, sort=_FLAG, ascending=_FLAG, dropna=_FLAG
    ),
    "memory_usage": step("memory_usage", index=_FLAG),
}  # fmt: skip
