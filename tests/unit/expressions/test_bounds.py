"""Patterns that match nothing, results that grow: an answer or a refusal, in bounded time."""

import time
from typing import Any

import pandas as pd
import pytest

from jobs.errors import ExpressionForbidden, OutputTooLarge
from jobs.expressions import parse
from jobs.expressions.patterns import matches_empty

FRAME = pd.DataFrame({"b": ["xay", "", None, "é1"], "n": [1, 2, 3, 4]})


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("b.str.replace('', 'zz')", ["zzxzzazzyzz", "zz", None, "zzézz1zz"]),
        ("b.str.replace('', 'zz', case=False)", ["zzxzzazzyzz", "zz", None, "zzézz1zz"]),
        ("b.str.replace('b*', 'zz', regex=True)", ["zzxzzazzyzz", "zz", None, "zzézz1zz"]),
        ("b.str.replace('a', 'z', n=1, regex=True)", ["xzy", "", None, "é1"]),
        ("b.str.count('b*')", [4, 1, None, 3]),
        ("b.str.count('')", [4, 1, None, 3]),
        ("b.str.count('[a1]')", [1, 0, None, 1]),
    ],
)
def test_patterns_that_match_nothing_come_to_an_end(text: str, expected: list[Any]) -> None:
    assert [None if pd.isna(value) else value for value in parse(text).column(FRAME)] == expected


@pytest.mark.parametrize(
    "text",
    [
        "b.str.replace('', 'z', n=1)",
        "b.str.replace('b*', 'z', n=1, regex=True)",
        "b.str.replace('x|', 'z', n=2, regex=True)",
        "b.str.replace('\\\\w|\\\\b', 'z', n=1, regex=True)",
        "b.str.replace('a', '\\\\3', regex=True)",
        "b.str.split('')",
        "b.str.rsplit('')",
        "b.str[::0]",
        "b.str.slice(0, 5, 0)",
        "b.str.extract('a')",
        "n.round(-400)",
        "round(n, 301)",
        "offset(years=10**9)",
    ],
)
def test_what_no_data_can_mend_is_refused_when_parsed(text: str) -> None:
    with pytest.raises(ExpressionForbidden):
        parse(text)


@pytest.mark.parametrize(
    "pattern", ["", "b*", "^", "$", r"\b", r"\B", "(?m)^", "x|", r"\w|\b", "(,|^)", r"\z", "(?i)a?"]
)
def test_patterns_that_may_match_nothing_are_known(pattern: str) -> None:
    assert matches_empty(pattern)


@pytest.mark.parametrize("pattern", ["a", "a+", "^a", r"\bx\b", "[^,]+$", ".", "(a|b)", r"\s"])
def test_patterns_that_match_something_are_known(pattern: str) -> None:
    assert not matches_empty(pattern)


@pytest.mark.parametrize(
    "text",
    [
        "b.str.repeat(10000).str.repeat(10000)",
        "b.str.repeat(10000).str.replace('x', '" + "y" * 3_500 + "').str.repeat(2)",
        "b.str.repeat(10000).str.replace('(x.+)', '" + r"\\1" * 800 + "', regex=True).str.repeat(10)",
        "wide.str.pad(10000, fillchar='é').str.pad(10000)",
        "wide.str.zfill(10000)",
        "wide.str.repeat(9000) + wide.str.repeat(9000)",
    ],
)
def test_text_that_grows_too_large_is_refused_before_it_does(text: str) -> None:
    rows = 110_000 if "wide" in text else 4
    frame = pd.DataFrame({"b": ["xay", "", None, "é1" * 300] * (rows // 4), "wide": ["abc"] * rows})
    start = time.perf_counter()
    with pytest.raises(OutputTooLarge):
        parse(text).column(frame)
    assert time.perf_counter() - start < 5


def test_bounds_of_clip_change_places_as_in_pandas() -> None:
    assert parse("n.clip(3, 2)").column(FRAME).tolist() == FRAME["n"].clip(3, 2).tolist()
    assert parse("n.clip(2, 3)").column(FRAME).tolist() == [2, 2, 3, 3]


def test_what_is_no_number_beside_nulls_is_null() -> None:
    frame = pd.DataFrame({"i": pd.array([0, 1, None], "Int64"), "f": [1.5, None, 2.0]})
    for text in ("f * i", "i * f", "f + i", "f / i", "i / 0", "i / i"):
        expected = eval(text, {"i": frame["i"], "f": frame["f"]})  # the texts are this file's own
        assert parse(text).column(frame).isna().tolist() == expected.isna().tolist(), text
    assert parse("sqrt(i - 1)").column(frame).isna().tolist() == [True, False, True]
