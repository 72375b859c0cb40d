"""Every expression example of pandas' own documentation of query and eval that needs no local variable, beside pandas.

They are those of the docstrings of `DataFrame.query`, `DataFrame.eval` and `pandas.eval`, and of the user guide's pages
on indexing (`query`) and on performance (`eval`), each with a frame like the one there. What is not among them needs a
variable (`@x`, a frame by its name), an index (`index`, `ilevel_0`, a MultiIndex: a pipeline's frames have none; what
pandas has as an index is a column here), or is no expression (an assignment, which is an `assign` step).
"""

import numpy as np
import pandas as pd
import pytest

from jobs.errors import ColumnUnknown
from jobs.expressions import parse
from tests.unit.transforms.frames import run

RNG = np.random.default_rng(11)
LETTERS = pd.DataFrame({"A": range(1, 6), "B": range(10, 0, -2), "C&C": range(10, 5, -1)})
ANIMALS = pd.DataFrame({"animal": ["dog", "pig"], "age": [10, 20]})
FLOATS = pd.DataFrame(RNG.random((10, 3)), columns=list("abc")).assign(bools=RNG.random(10) > 0.5)
HALVES = pd.DataFrame(RNG.random((40, 3)) / 1.5, columns=list("abc"))
INTEGERS = pd.DataFrame(RNG.integers(0, 10, (10, 3)), columns=list("abc"))
# what the guide has as an index is a column here
NAMED_INDEX = pd.DataFrame({"a": range(10), "b": RNG.integers(0, 5, 10), "c": RNG.integers(0, 5, 10)})
LEVELS = pd.DataFrame({"color": ["red", "green", "red"], "food": ["eggs", "ham", "ham"], "0": [0.5, 1.0, -1.0]})
OVERLAP = pd.DataFrame({"a": list("aabbccddeeff"), "b": list("aaaabbbbcccc"), "c": RNG.integers(0, 5, 12),
                        "d": RNG.integers(0, 9, 12)})  # fmt: skip
NORMAL = pd.DataFrame(RNG.standard_normal((5, 2)), columns=["a", "b"])
RANGES = pd.DataFrame({"a": range(5), "b": range(5, 10)})
STRINGS = pd.DataFrame({"strings": np.repeat(list("cba"), 3), "nums": np.repeat(range(3), 3)})
SIGNED = pd.DataFrame(RNG.standard_normal((20, 4)), columns=["df1", "df2", "df3", "df4"])

QUERIES = [
    (LETTERS, "A > B"),
    (LETTERS, "B == `C&C`"),
    (FLOATS, "(a < b) & (b < c)"),
    (FLOATS, "a < b and b < c"),
    (NAMED_INDEX, "a < b and b < c"),
    (NAMED_INDEX, "a < b < c"),
    (NAMED_INDEX, "a > 2"),
    (LEVELS, 'color == "red"'),
    (HALVES, "0.0 <= a <= c <= 0.5"),
    (INTEGERS, "(a < b) & (b < c)"),
    (INTEGERS, "a < b & b < c"),
    (INTEGERS, "a < b and b < c"),
    (INTEGERS, "a < b < c"),
    (OVERLAP, "a in b"),
    (OVERLAP, "a not in b"),
    (OVERLAP, "a in b and c < d"),
    (INTEGERS, "a in b + c"),
    (OVERLAP, 'b == ["a", "b", "c"]'),
    (OVERLAP, "c == [1, 2]"),
    (OVERLAP, "c != [1, 2]"),
    (OVERLAP, "[1, 2] in c"),
    (OVERLAP, "[1, 2] not in c"),
    (FLOATS, "~bools"),
    (FLOATS, "not bools"),
    (FLOATS, "a < b < c and (not bools) or bools > 2"),
    (STRINGS, "strings == 'a' and nums == 1"),
    (SIGNED, "(df1 > 0) & (df2 > 0) & (df3 > 0) & (df4 > 0)"),
    (SIGNED, "df1 > 0 & df2 > 0 & df3 > 0 & df4 > 0"),
    (SIGNED, "df1 > 0 and df2 > 0 and df3 > 0 and df4 > 0"),
    (SIGNED, "df1 < df2 and df3 < df4 or not df1 < 0"),
    (SIGNED, "0 < df1 < df2"),
]  # fmt: skip
EVALS = [
    (LETTERS, "A + B"),
    (LETTERS, "B * `C&C`"),
    (NORMAL, "a + b"),
    (SIGNED, "df1 + df2 + df3 + df4"),
    (SIGNED, "df1 + 2 * 3 / df2 ** 4 % 42 - 1.618"),
    *((HALVES, f"{name}(a)") for name in (
        "sin", "cos", "exp", "log", "expm1", "log1p", "sqrt", "sinh", "cosh", "tanh", "arcsin", "arccos", "arctan",
        "arcsinh", "arctanh", "abs", "log10", "tan", "floor", "ceil")),
    (HALVES, "arccosh(a + 1)"),
    (HALVES, "arctan2(a, b)"),
]  # fmt: skip
# as pandas writes an assignment, and the columns of the assign step that is the same
ASSIGNMENTS = [
    (LETTERS, "D = A + B", {"D": "A + B"}),
    (LETTERS, "\nD = A + B\nE = A - B\n", {"D": "A + B", "E": "A - B"}),
    (ANIMALS, "double_age = age * 2", {"double_age": "age * 2"}),
    (RANGES, "c = a + b", {"c": "a + b"}),
    (RANGES, "\nc = a + b\nd = a + b + c\na = 1", {"c": "a + b", "d": "a + b + c", "a": "1"}),
    (RANGES.assign(c=1), "e = a - c", {"e": "a - c"}),
]


@pytest.mark.parametrize(("frame", "expr"), QUERIES, ids=[expr for _, expr in QUERIES])
def test_a_query_of_the_documentation_works_the_same(frame: pd.DataFrame, expr: str) -> None:
    expected = frame.query(expr, engine="python").reset_index(drop=True)
    pd.testing.assert_frame_equal(run(frame, {"op": "query", "expr": expr}), expected)


def test_the_queries_choose_some_rows_and_leave_some() -> None:
    counts = {expr: (len(frame.query(expr, engine="python")), len(frame)) for frame, expr in QUERIES}
    decisive = [expr for expr, (kept, rows) in counts.items() if 0 < kept < rows]
    assert len(decisive) > len(QUERIES) / 2


@pytest.mark.parametrize(("frame", "expr"), EVALS, ids=[expr for _, expr in EVALS])
def test_an_eval_of_the_documentation_works_the_same(frame: pd.DataFrame, expr: str) -> None:
    expected = frame.eval(expr, engine="python")
    pd.testing.assert_series_equal(parse(expr).column(frame), expected, check_names=False)


@pytest.mark.parametrize(("frame", "text", "columns"), ASSIGNMENTS, ids=[text for _, text, _ in ASSIGNMENTS])
def test_an_assignment_of_the_documentation_is_an_assign_step(
    frame: pd.DataFrame, text: str, columns: dict[str, str]
) -> None:
    made = run(frame, {"op": "assign", "columns": columns})
    pd.testing.assert_frame_equal(made, frame.eval(text, engine="python"))


def test_there_is_no_index_but_a_column_may_be_named_so() -> None:
    with pytest.raises(ColumnUnknown, match="index"):
        run(INTEGERS, {"op": "query", "expr": "index > 2"})
    frame = INTEGERS.assign(index=range(10))
    assert run(frame, {"op": "query", "expr": "index < b < c"}).equals(
        frame.query("index < b < c", engine="python").reset_index(drop=True)
    )
