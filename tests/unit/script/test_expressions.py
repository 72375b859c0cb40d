"""Expressions written for pandas mean what they mean in a pipeline, nulls above all, however a column is stored."""

from collections.abc import Callable
from typing import Any

import numpy as np
import pandas as pd
import pytest

from jobs.pipeline import Pipeline
from jobs.transforms.catalogue import Catalogue
from tests.unit.script.running import comparable, executed, scripted

VALUES = {
    "x": [1, 2, None, -4, 5, None],
    "y": [3, None, 1, -4, 0, None],
    "f": [0.5, None, 2.25, -1.5, 100.0, 3.0],
    "s": ["apple", None, "Berry", "a-b", "", "c"],
    "t": ["apple", "x", None, "ab", "", "C"],
    "flag": [True, None, False, True, None, False],
    "other": [None, True, False, False, None, True],
    "at": ["2024-01-31 12:30", None, "2023-12-31", "2024-02-29 23:59", "1999-01-01", "2024-01-31"],
    "until": ["2024-03-31", "2024-01-01", None, "2024-02-29", "2000-01-01", "2024-01-31"],
}
TIMES = ("at", "until")
TRUTHS = ("flag", "other")
WHOLE = ("x", "y")
NAMES = frozenset(VALUES)


def nullable() -> pd.DataFrame:
    """As a job decodes them."""
    frame = pd.DataFrame({name: values for name, values in VALUES.items() if name not in (*TRUTHS, *WHOLE)})
    for name in TIMES:
        frame[name] = pd.to_datetime(frame[name], format="ISO8601")
    for name in WHOLE:
        frame[name] = pd.array(VALUES[name], dtype="Int64")
    for name in TRUTHS:
        frame[name] = pd.array(VALUES[name], dtype="boolean")
    return frame[list(VALUES)]


def plain() -> pd.DataFrame:
    """As plain pandas reads them: whole numbers with nulls are floats; truths without nulls."""
    frame = nullable()
    for name in WHOLE:
        frame[name] = frame[name].to_numpy(dtype="float64", na_value=np.nan)
    for name in TRUTHS:
        frame[name] = frame[name].fillna(value=False).astype("bool")
    return frame


CONDITIONS = """
x > 1
x != 1
not (x > 1)
not (x == y)
x != y
0 < x <= 5
not (0 < x <= 5)
x in [1, 5]
x not in [1, 5]
not (x in [1, 5])
x in [1, None]
x == [1, 2]
s in ['apple', 'c'] or x < 0
s == t
s != t
not (s < t)
s.str.contains('a')
not s.str.contains('a')
s.str.lower().str.startswith('b') and not t.str.endswith('b')
s.str.startswith('a') or flag
flag
not flag
flag and not other
flag or x > 1
not (flag or x > 1)
not (flag and x > 1)
(x > 1) ^ (y > 1)
not ((x > 1) ^ (y > 1))
x.between(1, 4)
not x.between(1, 4)
x.isna() or y.notna()
not x.isna()
at >= '2024-01-01'
at < date('2024-01-31') and not (until == at)
at != '2024-01-31'
at - until < timedelta('30D')
at + offset(months=1) > until
at.dt.year == 2024 and at.dt.month != 2
f > f.mean() * 0.1
f > 1 if flag else x > 1
where(x > 1, y, 0) > 0
coalesce(x, y, 0) == 0
x.fillna(0).clip(0, 3) >= 2
x.eq(1) or y.ne(1)
s.str.len() > 3
x * 2 + y > 3 and f / 2 < 10
""".strip().splitlines()
COLUMNS = """
x + y * 2 - 1
-x ** 2
(x + y) * (f - 1) / 2
x // 2 + x % 2
f if x > 1 else 0.5
'many' if x > 1 else 'few'
None if x > 1 else f
where(flag, s, t)
x.where(y > 0, 0)
f.mask(y > 0)
f.mask(y > 0, -1)
coalesce(s, t, 'none')
minimum(f, 2.0)
maximum(f, x * 1.0)
s + '-' + t
s.str[:2]
s.str[-1]
s.str[1:3]
s.str.replace('p', 'q')
s.str.replace('a.', 'z', regex=True)
s.str.extract('([a-c])')
s.str.pad(6, fillchar='*')
s.str.split('-').str.get(0)
s.str.upper().str.zfill(7)
s.str.len()
at.dt.year * 100 + at.dt.month
at.dt.date
at.dt.week
at.dt.floor('D')
at.dt.strftime('%Y-%m')
at.dt.day_name()
(until - at).dt.days
(until - at).dt.total_seconds() / 3600
at + timedelta('1h 30min')
f.rank(ascending=False)
f.cumsum()
f.shift(1)
f.diff()
f.round(1)
round(f, 1)
abs(f)
sqrt(f)
log(f)
x > 1
x != 1
not (x == 1)
flag and x > 1
(x > 1) + (y > 1)
f - f.min()
x.fillna(f.max())
x.isna()
int(f)
float(x)
str(x)
f.astype('int64')
s.isin(t)
(x > -10).all() and flag
(x > 1).sum() + f
f.quantile(0.9) - f
""".strip().splitlines()


# of these a plain pandas column cannot say null, where the pipeline's can: the numbers in them are floats there
LOOSE = frozenset(
    [
        "at.dt.year == 2024 and at.dt.month != 2",
        "s.str.len() > 3",
        "x * 2 + y > 3 and f / 2 < 10",
    ]
)


@pytest.mark.parametrize("stored", [nullable, plain])
def test_a_condition_keeps_the_same_rows(stored: Callable[[], pd.DataFrame]) -> None:
    frame = stored().assign(row=range(len(VALUES["x"])))
    wrong = {}
    for text in CONDITIONS:
        steps = [{"op": "query", "expr": text}]
        expected, found = both(steps, frame)
        if list(found["row"]) != list(expected["row"]) or list(found.index) != list(range(len(found))):
            wrong[text] = (list(found["row"]), list(expected["row"]))
    assert wrong == {}


@pytest.mark.parametrize("stored", [nullable, plain])
def test_a_new_column_holds_the_same_values(stored: Callable[[], pd.DataFrame]) -> None:
    texts = [*COLUMNS, *CONDITIONS]
    expected, found = both([{"op": "assign", "columns": {text: text for text in texts if text not in NAMES}}], stored())
    wrong = {}
    for text in found.columns:
        one, two = comparable(found[[text]]).iloc[:, 0], comparable(expected[[text]]).iloc[:, 0]
        if text in LOOSE:
            one, two = one.fillna(0), two.fillna(0)
        if not one.equals(two):
            wrong[text] = (list(one), list(two))
    assert wrong == {}


def both(steps: list[dict[str, Any]], frame: pd.DataFrame) -> tuple[pd.DataFrame, pd.DataFrame]:
    """What the pipeline gives, and what its script gives."""
    expected = Pipeline.parse(steps, ["df"], Catalogue()).run({"df": frame})
    return expected, executed(scripted(steps, ["df"]), {"df": frame})
