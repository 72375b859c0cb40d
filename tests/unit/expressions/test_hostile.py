"""Whatever text arrives: refused with its error, in bounded time, without a warning."""

import contextlib
import time

import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from jobs.errors import ExpressionError, ExpressionForbidden, ExpressionSyntax, ExpressionTooLarge, TransformError
from jobs.expressions import parse

FORBIDDEN = [
    "__import__('os')",
    "a.__class__",
    "().__class__",
    "''.__class__.__mro__",
    "a._x",
    "_a",
    "__a__",
    "@x",
    "@x.y > 1",
    "lambda: 1",
    "(lambda x: x)(1)",
    "[x for x in a]",
    "{x for x in a}",
    "(x for x in a)",
    "{1: 2}",
    "{1, 2}",
    "f'{a}'",
    "b'x'",
    "(a := 1)",
    "f(*a)",
    "where(*a)",
    "where(**a)",
    "await a",
    "a[0]",
    "a['b']",
    "a['b']['c']",
    "a.values",
    "df.a",
    "a.to_numpy()",
    "a.str",
    "a.dt",
    "a.str.lower",
    "a.dt.year()",
    "a.sum",
    "eval('1')",
    "exec('1')",
    "open('x')",
    "getattr(a, 'b')",
    "a.apply(1)",
    "a.pipe(1)",
    "a.map(1)",
    "a.query('x')",
    "a.eval('x')",
    "a.to_csv('x')",
    "a()()",
    "a.str.lower()()",
    "where(a, b, c)(d)",
    "a is None",
    "a is not None",
    "a == None",
    "a << 1",
    "1 << 10**9",
    "a >> 2",
    "9**9**9",
    "10**10**10",
    "2**65",
    "9**9**9**9",
    "(-9)**999",
    "2**0.5**-9999",
    "1e308*10",
    "1/0",
    "1//0",
    "1%0",
    "-1**0.5+(-1)**0.5",
    "'a'*10**9",
    "10**9*'a'",
    "'a' * 3",
    "[0]*10**9",
    "[1] + [2]",
    "-[1]",
    "[a, b] == c",
    "a in [[1]]",
    "a in [b]",
    "a.str.repeat(100000)",
    "a.str.pad(10**6)",
    "a.str.zfill(99999)",
    "a.str.center(20000)",
    "a.str.repeat(b)",
    "a.str.contains(b)",
    "a.str.match(1)",
    "a.str.contains('(a)\\\\1')",
    "a.str.contains('(?=a)')",
    "a.str.match('(?<!a)b')",
    "a.str.fullmatch('(?<=a)b')",
    "a.str.contains('(')",
    "a.str.replace('(?P=x)', '', regex=True)",
    "a.str.extract('(?>a)')",
    "a.str.count('[')",
    "a.astype('object')",
    "a.astype('os')",
    "a.astype(b)",
    "a.fillna(method='x')",
    "a.fillna()",
    "a.fillna(1, 2, 3)",
    "a.clip(loewr=1)",
    "coalesce(a)",
    "coalesce()",
    "sqrt()",
    "sqrt(a, b)",
    "sqrt(y=a)",
    "offset()",
    "offset(month=3)",
    "date('yesterday')",
    "date('2024-13-01')",
    "date(a)",
    "timedelta('x')",
    "a.dt.floor('x')",
    "a.dt.tz_convert('../etc')",
    "a.dt.tz_localize('No/Zone')",
    "a.dt.strftime('%999999d')",
    "'abc'.lower()",
    "'abc'.str.lower()",
    "(1).real",
    "1.5.hex()",
    "a.b.c",
    "a.str.str.lower()",
    "a.cat.codes",
    "print(a)",
    "len(a)",
    "a if b",
    "a.where(b, c, d, e)",
    "yield a",
    "...",
    "a @ b",
    "a.quantile(2)",
    "a.shift(b)",
    "a.str[b]",
    "a.str['x']",
    "a.str[1,2]",
    "a.str[:b]",
    "a[1:2]",
]
MALFORMED = [
    "",
    " ",
    "a b",
    "a +",
    "(a",
    "a)",
    "a = 1",
    "a == ",
    "'abc",
    "`abc",
    "a!",
    "a ? b : c",
    "a > > b",
    "1a",
    "007",
    "a\x00b",
    "\x00",
    "$x",
    "# x",
    "a # x",
    "a ! b",
    "a;b",
    "import os",
    "x = 1; y",
    "a,",
    "'\\",
    "1__0",
    "0x",
    "1j",
    "a if b else",
    "not",
    "€",
    "\u2028",
    "a\\\nb",
]
TOO_LARGE = [
    "a" * 5000,
    "+".join(["a"] * 3000),
    "1" * 100,
    "2**64 + 2**65",
    "(" * 10_000 + "a" + ")" * 10_000,
    "(" * 200 + "a" + ")" * 200,
    "[" * 2000,
    "-" * 4000 + "a",
    "~" * 4000 + "a",
    "not " * 1000 + "a",
    "a if b else " * 300 + "c",
    "a**" * 1300 + "a",
    "abs(" * 500 + "a" + ")" * 500,
    "a" + ".abs()" * 600,
    "18446744073709551617",
    "1e999",
    "sqrt(" * 70 + "a" + ")" * 70,
]


@pytest.mark.parametrize("text", FORBIDDEN)
def test_forbidden_text_is_refused(text: str) -> None:
    with pytest.raises(ExpressionError) as caught:
        parse(text)
    assert isinstance(caught.value, (ExpressionForbidden, ExpressionSyntax, ExpressionTooLarge))


@pytest.mark.parametrize("text", MALFORMED)
def test_malformed_text_is_refused(text: str) -> None:
    with pytest.raises(ExpressionError):
        parse(text)


@pytest.mark.parametrize("text", TOO_LARGE, ids=range(len(TOO_LARGE)))
def test_large_text_is_refused_in_bounded_time(text: str) -> None:
    start = time.perf_counter()
    with pytest.raises(ExpressionError):
        parse(text)
    assert time.perf_counter() - start < 2


def test_a_long_flat_chain_is_no_deep_one() -> None:
    frame = pd.DataFrame({"a": [1, 2]})
    assert parse("+".join(["a"] * 2000)).column(frame).tolist() == [2000, 4000]
    assert parse(" or ".join(["a > 1"] * 400)).mask(frame).tolist() == [False, True]


@pytest.mark.parametrize("pattern", ["(a+)+$", "(a|aa)+$", "(a*)*b", "([a-zA-Z]+)*$", "(.*a){20}"])
def test_catastrophic_patterns_run_in_linear_time(pattern: str) -> None:
    frame = pd.DataFrame({"a": ["a" * 20_000 + "!"] * 10})
    start = time.perf_counter()
    parse(f"a.str.contains('{pattern}')").mask(frame)
    assert time.perf_counter() - start < 5


def test_a_confusable_is_its_own_column() -> None:
    frame = pd.DataFrame({"ﬁ": [1], "fi": [2], "µ": [3], "μ": [4], "ａ": [5]})
    for name in frame.columns:
        assert parse(name).column(frame).tolist() == frame[name].tolist()
        assert parse(f"{name} + 0").columns == {name}


def test_a_confusable_is_no_function_or_method() -> None:
    for text in ("ａbs(a)", "a.ａbs()", "a.ſtr.lower()", "a.str.ﬁnd('x')"):
        with pytest.raises(ExpressionForbidden):
            parse(text)


def test_backticks_reach_columns_alone() -> None:
    frame = pd.DataFrame({"__class__": [1], "it's": [2], 'a"b': [3], "a\nb": [4], "": [5], "_0": [6], "if": [7]})
    for name in frame.columns:
        assert parse(f"`{name}` * 1").column(frame).tolist() == frame[name].tolist()
    with pytest.raises(ExpressionForbidden):
        parse("a.`__class__`")
    with pytest.raises(ExpressionForbidden):
        parse("`__import__`('os')")


_PIECES = st.sampled_from(
    [
        "a",
        "b",
        "`c d`",
        "__x__",
        "1",
        "2.5",
        "'s'",
        "None",
        "True",
        "(",
        ")",
        "[",
        "]",
        ",",
        ".",
        ".str",
        ".dt",
        ".sum()",
        ".abs()",
        "+",
        "-",
        "*",
        "**",
        "/",
        "%",
        "<",
        "==",
        " and ",
        " or ",
        " not ",
        " in ",
        " if ",
        " else ",
        "lambda",
        "@",
        ":",
        "~",
        "&",
        "^",
        "9**9",
        "where(",
        "coalesce(",
        ".str[",
        ".fillna(",
        " ",
        "{",
        "\\",
        "'",
        "`",
        "é",
        "\x00",
        "=",
        ".isin(",
        "date('2024-01-01')",
        ".shift(",
    ]
)
_FRAME = pd.DataFrame({"a": [1, 2], "b": [1.5, None], "c d": ["x", None]})


@settings(max_examples=400, deadline=None)
@given(st.lists(_PIECES, max_size=14).map("".join))
def test_any_text_either_runs_or_is_an_error_of_ours(text: str) -> None:
    try:
        expression = parse(text)
    except ExpressionError:
        return
    for run in (expression.evaluate, expression.column, expression.mask):
        with contextlib.suppress(TransformError):
            run(_FRAME)


@settings(max_examples=200, deadline=None)
@given(st.text(max_size=60))
def test_any_characters_are_read_without_another_error(text: str) -> None:
    try:
        parse(text)
    except ExpressionError as error:
        position = error.position
    else:
        position = None
    assert position is None or 0 <= position <= len(text)
