"""What generated steps are made of: the names of columns, expressions, dtypes."""

from typing import Any

from hypothesis import strategies as st

COLUMN = st.sampled_from(["k", "v", "w", "new", "index"])
COLUMNS = st.lists(COLUMN, min_size=1, max_size=2, unique=True)
EXPRESSIONS = st.sampled_from(
    [
        "v > 1", "v > v.mean()", "k == 'a'", "not (v > 0)", "v == v", "w.isna()", "k in ['a', 'x']", "v * 2", "v + w",
        "k + v.max()", "(k.max() + k).str.lower()", "k.str.upper()", "v.fillna(0)", "coalesce(v, w)", "v.sum()",
        "w.dt.year", "w - w.min()", "v if k == 'a' else w", "k.astype('category')", "v.max() > w", "new + 1",
        "where(v > 1, k, 'z')", "v.rank()", "k.fillna('z') == 'z'", "v.mean() + k", "(v - v.min()) > 0", "str(v)",
    ]
)  # fmt: skip
FUNCTIONS = st.sampled_from(["sum", "mean", "min", "first", "count", "nunique", "median", "std", "idxmax", "any"])
DTYPE = st.sampled_from(["int64", "float64", "str", "category", "Int64", "bool", "datetime64[us]", "date32"])
OTHER = st.sampled_from(["other", "df"])
HOW = st.sampled_from(["inner", "left", "right", "outer", "cross", "semi", "left_anti", "right_anti"])


def step(op: str, **arguments: st.SearchStrategy[Any]) -> st.SearchStrategy[dict[str, Any]]:
    """Steps of that op with these arguments."""
    return st.fixed_dictionaries({"op": st.just(op), **arguments})
