"""Generated hostile expressions: each is invalid by the way it is made, so that nothing has to be parsed to know it."""

from collections.abc import Callable, Iterator
from random import Random

import pandas as pd

from jobs.expressions.functions import FUNCTIONS
from jobs.expressions.methods import METHODS
from jobs.expressions.texts import TEXTS
from jobs.expressions.times import TIMES

COLUMNS = ("a", "b", "amount", "`unit price`", "größe", "count", "`__class__`")
# valid ones as tokens: what is put between two of them, or left out, is outside of every literal
VALID: tuple[tuple[str, ...], ...] = (
    ("a", "+", "b", "*", "2"),
    ("(", "a", "-", "1.5", ")", "/", "`unit price`"),
    ("amount", ">", "100", "and", "b", "in", "[", "'N'", ",", "'S'", "]"),
    ("not", "(", "a", "==", "b", ")", "or", "a", "<", "3"),
    ("a", "if", "b", ">", "0", "else", "amount"),
    ("b", ".", "str", ".", "lower", "(", ")", ".", "str", ".", "startswith", "(", "'x'", ")"),
    ("b", ".", "str", "[", ":", "2", "]", "==", "'ab'"),
    ("where", "(", "a", ">", "1", ",", "a", ",", "0", ")"),
    ("coalesce", "(", "a", ",", "b", ",", "'none'", ")"),
    ("a", ".", "fillna", "(", "0", ")", ".", "clip", "(", "lower", "=", "1", ")"),
    ("date", "(", "'2024-01-31'", ")", "-", "timedelta", "(", "'90D'", ")", "<", "größe"),
    ("a", ".", "dt", ".", "year", "==", "2024"),
    ("1", "<", "a", "<=", "10", "&", "~", "b", ".", "isna", "(", ")"),
    ("a", ">", "a", ".", "mean", "(", ")", "*", "1.2"),
)
DUNDERS = tuple(sorted({*dir(object), *dir(type), *dir(pd.Series), *dir(lambda: 0)}))
PRIVATE = tuple(name for name in DUNDERS if name.startswith("_"))
PANDAS = tuple(name for name in dir(pd.Series) if not name.startswith("_") and name not in {"str", "dt"})
METHODLESS = tuple(name for name in PANDAS if name not in METHODS)
BUILTINS = tuple(
    name
    for name in (
        "eval", "exec", "open", "getattr", "setattr", "delattr", "vars", "dir", "globals", "locals", "type", "compile",
        "input", "print", "breakpoint", "help", "map", "filter", "zip", "range", "iter", "next", "object", "super",
        "memoryview", "bytes", "bytearray", "dict", "set", "list", "tuple", "id", "hash", "callable", "classmethod",
        "property", "exit", "quit", "os", "sys", "subprocess", "pickle", "np", "pd", "system", "query", "apply", "pipe",
    )
    if name not in FUNCTIONS
)  # fmt: skip
LOOKALIKES = ("аbs", "ａbs", "ſqrt", "ｅval", "wherе", "𝐥𝐨𝐠", "absͦ", "ro\u0075nď", "ﬁllna", "ｉｓｎａ")
ODD = ("\u200b", "\u202e", "\ufeff", "×", "÷", "≤", "−", "∧", "“", "’", "\x00", "\x1b", "€", "\U0001f600", "٣", "１")
PUNCTUATION = ("$", "?", "!", ";", "#", "@", "\\", "::", ":=", "->", "<<", ">>", "==>", "=", "...", "{", "}")


def hostile(seed: int, count: int) -> Iterator[tuple[str, str]]:
    """So many texts, each with the name of its kind."""
    rng = Random(seed)  # no secret: the same texts each time are what is wanted
    for number in range(count):
        kind = KINDS[number % len(KINDS)]
        yield kind.__name__, kind(rng)


def column(rng: Random) -> str:
    """A column."""
    return rng.choice(COLUMNS)


def valid(rng: Random) -> str:
    """An expression that is none of the hostile ones."""
    return " ".join(rng.choice(VALID))


def beside(rng: Random, text: str) -> str:
    """The hostile text somewhere in a larger expression."""
    around = ("{}", "({})", "{} + 1", "a and {}", "{} if a > 0 else b", "where(a > 1, {}, b)", "abs({})", "[{}] == a")
    return rng.choice(around).replace("{}", text)


def dunder_attribute(rng: Random) -> str:
    """`a.__class__.__mro__`."""
    chain = ".".join(rng.choice(PRIVATE) for _ in range(rng.randint(1, 4)))
    return beside(rng, f"{column(rng)}.{chain}" + rng.choice(["", "()", "[0]", "(a)"]))


def dunder_name(rng: Random) -> str:
    """`__import__('os')`."""
    name = rng.choice((*PRIVATE, "__import__", "__builtins__", "_", "_a", "__name__", "__file__"))
    return beside(rng, name + rng.choice(["", "('os')", ".system('x')", "['x']"]))


def attribute(rng: Random) -> str:
    """An attribute that is not called."""
    return beside(rng, f"{column(rng)}.{rng.choice(PANDAS)}")


def unknown_method(rng: Random) -> str:
    """A method of pandas that the language does not have."""
    return beside(rng, f"{column(rng)}.{rng.choice(METHODLESS)}({rng.choice(['', 'a', '1', 'lambda x: x'])})")


def unknown_accessor(rng: Random) -> str:
    """`a.str.x()`, `a.cat.codes`."""
    known = TEXTS.keys() | TIMES.keys()
    name = rng.choice([name for name in (*METHODLESS, *PRIVATE, "format", "encode_") if name not in known])
    return beside(rng, f"{column(rng)}.{rng.choice(['str', 'dt', 'cat', 'sparse', 'plot', 'list'])}.{name}()")


def builtin(rng: Random) -> str:
    """A function of Python."""
    return beside(rng, f"{rng.choice(BUILTINS)}({rng.choice(['', 'a', repr('1'), 'a, b', repr('__import__')])})")


def power(rng: Random) -> str:
    """Numbers out of all bounds."""
    base, top = rng.randint(3, 10**6), rng.randint(65, 10**9)
    texts = (f"{base}**{top}**{top}", f"{base}**{top}", f"1e308*{base}", f"-{base}**{top}", f"2**64*{base}",
             f"{base}/0", f"{base}//0.0", f"{base}%0", f"(-{base})**0.5", f"{base}e{top}")  # fmt: skip
    return beside(rng, rng.choice(texts))


def repetition(rng: Random) -> str:
    """Small texts that would make large values."""
    many = rng.randint(10**5, 10**12)
    texts = (f"'a'*{many}", f"{many}*'ab'", f"[0]*{many}", f"[1]+[{many}]", f"a.str.repeat({many})",
             f"b.str.pad({many})", f"b.str.zfill({many})", f"a.str.center(10**{rng.randint(5, 60)})",
             f"a.round({many})", f"offset(years={many})", f"a.shift({many})" ,
             f"a.str.contains('(a{{{many % 60_000 + 1_001}}}){{9}}')",
             f"b.dt.strftime('%{many}d')")  # fmt: skip
    return beside(rng, rng.choice(texts))


def nesting(rng: Random) -> str:
    """More levels than there may be."""
    depth = rng.randint(70, 1300)
    texts = ("(" * depth + "a" + ")" * depth, "[" * depth + "1" + "]" * depth, "-" * depth + "a", "~" * depth + "a",
             "not " * min(depth, 1000) + "a", "abs(" * min(depth, 800) + "a" + ")" * min(depth, 800),
             "a if b else " * min(depth, 330) + "c", "a**" * depth + "a", "a" + ".abs()" * min(depth, 650),
             "(" * depth, "a.fillna(" * min(depth, 400) + "b" + ")" * min(depth, 400), "(a,"*min(depth,
             1000))  # fmt: skip
    return rng.choice(texts)


def length(rng: Random) -> str:
    """Literals and texts that are too long."""
    many = rng.randint(4100, 100_000)
    texts = ("a" * many, "1" * rng.randint(30, many), "'" + "x" * many + "'", "+".join(["a"] * many),
                "`" + "x" * many + "`",
             "0x" + "f" * rng.randint(20, 500), " " * many + "a", "9" * 21 + ".abs()", "'\\" + "x" * many)  # fmt: skip
    return rng.choice(texts)


def unicode_function(rng: Random) -> str:
    """A function or method that only looks like one."""
    name = rng.choice(LOOKALIKES)
    return beside(rng, rng.choice((f"{name}(a)", f"a.{name}()", f"a.str.{name}('x')", f"a.{name}", "a.ｓtr.lower()")))


def unicode_sign(rng: Random) -> str:
    """A character that is no part of any token, between two tokens."""
    return _between(rng, rng.choice(ODD))


def punctuation(rng: Random) -> str:
    """A sign of another language, between two operands."""
    return f"{column(rng)} {rng.choice(PUNCTUATION)} {column(rng)}" + rng.choice(["", " + 1", " > 2"])


def formatted(rng: Random) -> str:
    """f-strings, byte strings, str.format."""
    inner = rng.choice(["{a}", "{a.__class__}", "{a!r:>{b}}", "{__import__('os')}".replace("'", ""), "x"])
    texts = (f"f'{inner}'", f"rf'{inner}'", f'F"{inner}"', f"b'{inner}'", f"Rb'{inner}'", f"'{inner}'.format(a)",
             f"'{inner}'.format_map(a)", "'%s'.join(a)", "''.join([a])")  # fmt: skip
    return beside(rng, rng.choice(texts))


def construct(rng: Random) -> str:
    """Python that is no part of the language."""
    one, two = column(rng), column(rng)
    texts = (f"lambda x: {one}", f"(lambda x: x)({one})", f"[x for x in {one}]", f"{{x for x in {one}}}",
             f"{{x: 1 for x in {one}}}", f"(x for x in {one})", f"(x := {one})", f"await {one}", f"(yield {one})",
             f"(yield from {one})", f"abs(*{one})", f"where(**{one})", f"[*{one}]", f"*{one}, {two}", f"{{{one}: 1}}",
             f"{{{one}, 1}}", f"{one} is {two}", f"{one} is not None", f"{one} == None", f"{one} @ {two}",
             f"{one} << 3", f"{one} >> {two}", "...", f"{one}[...]", "1j", "0777", f"{one}()", f"{one}.abs()()",
             f"{one} if {two}", f"[{one}, {two}] == a", f"{one} in [{two}]", f"@{one}", "async x", f"{one} <> {two}",
             f"print {one}", f"`{one.strip('`')}`.`__class__`", f"({one},) + 1", f"{one} == [[1]]")  # fmt: skip
    return rng.choice(texts)


def statement(rng: Random) -> str:
    """Statements."""
    one = column(rng)
    texts = (f"import {rng.choice(['os', 'sys', 'pandas as pd'])}", "from os import system", f"x = {one}",
                f"{one} += 1",
             f"del {one}", f"return {one}", "raise SystemExit", f"assert {one}", "pass", "global a", "def f(): pass",
             "class A: pass", f"for x in {one}: x", f"while {one}: a", f"if {one}: a", "try: a", f"with {one}: a",
             f"a\n\n{one}", f"{one}; {one}", f"x: int = {one}", "exec 'a'", f"match {one}: a",
             "nonlocal a")  # fmt: skip
    return rng.choice(texts)


def subscript(rng: Random) -> str:
    """Subscripts where there are none."""
    key = rng.choice(["0", "'b'", ":", "1:2", "a", "a > 1", "-1", "a, b", "None"])
    behind = rng.choice(["a", "'x'", "1, 2", "a:b"])
    texts = (f"{column(rng)}[{key}]", f"a.loc[{key}]", f"a.iloc[{key}]", f"a.str[{behind}]", f"'abc'[{key}]",
             f"a.dt[{key}]", f"a.values[{key}]", f"abs[{key}]", f"(a + b)[{key}]")  # fmt: skip
    return beside(rng, rng.choice(texts))


def pattern(rng: Random) -> str:
    """Patterns that RE2 does not run."""
    bad = rng.choice(
        [
            "(?=a)",
            "(?!a)",
            "(?<=a)b",
            "(?<!a)b",
            r"(a)\\1",
            "(?P<x>a)(?P=x)",
            "(?>a)",
            "(",
            "[",
            "a**",
            "(?(1)a|b)",
            "*a",
            ")",
        ]
    )
    method = rng.choice(["contains", "match", "fullmatch", "count", "extract"])
    return beside(rng, f"b.str.{method}('{rng.choice(['', 'x+'])}{bad}')")


def argument(rng: Random) -> str:
    """Arguments that a function or method does not take."""
    texts = ("a.fillna()", "a.fillna(1, 2, 3)", "a.clip(loewr=1)", "sqrt()", "sqrt(a, b)", "sqrt(y=a)", "coalesce(a)",
             "offset()", "offset(month=3)", "date(a)", "date('soon')", "timedelta('x')", "a.quantile(2)", "a.shift(b)",
             "a.astype('object')", "a.astype(b)", "a.dt.floor('x')", "a.dt.tz_convert('../etc/passwd')",
             "a.rank(method='x')",
             "a.between(1)", "a.isin()", "where(a, b)", "a.str.contains(b)", "a.str.replace('a')", "a.str.pad('x')",
             "a.std(ddof='x')", "a.str.split('')", "a.str[::0]", "minimum(a)", "a.fillna(value=1, value=2)", "abs(y=a)",
             "a.where(b, c, d, e)", "a.dt.year()", "a.str.lower", "a.sum", "a.dt", "a.str", "'x'.str.lower()",
             "(1).abs()")  # fmt: skip
    return beside(rng, rng.choice(texts))


def unbalanced(rng: Random) -> str:
    """A valid one with a bracket or a quote too many, or one too few."""
    tokens = list(rng.choice(VALID))
    brackets = [place for place, token in enumerate(tokens) if token in "()[]"]
    if brackets and rng.random() < 0.5:
        del tokens[rng.choice(brackets)]
        return " ".join(tokens)
    return _between(rng, rng.choice(["(", ")", "[", "]", "'", '"', "`"]))


def cut(rng: Random) -> str:
    """A valid one with an operator at its end, or two operands side by side."""
    ending = rng.choice(
        ["+", "and", "or", "not", "in", "if a", "if a else", "<", "==", ".", ",", "**", "&", "~", "a b", "1 2"]
    )
    return f"{valid(rng)} {ending}"


def doubled(rng: Random) -> str:
    """Two operators side by side that do not go together."""
    one = rng.choice(["+", "*", "/", "<", "==", "and", "in", ".", ","])
    two = rng.choice(["*", "/", "<", "==", "and", "or", "in", ".", "%"])
    return f"{column(rng)} {one} {two} {column(rng)}"


def nothing(rng: Random) -> str:
    """No expression at all."""
    return rng.choice(["", " ", "\n", "\t \n", "()", "[]()", "#", "# a", "``()", "''()"]) + " " * rng.randint(0, 9)


def noise(rng: Random) -> str:
    """Any characters, with one that is in no expression outside of a literal at the front."""
    letters = [chr(rng.choice([rng.randint(1, 0x7F), rng.randint(0x80, 0x2FFF)])) for _ in range(rng.randint(0, 60))]
    return rng.choice(["$", "?", "€", "\x00", ";"]) + "".join(letters)


def _between(rng: Random, what: str) -> str:
    tokens = list(rng.choice(VALID))
    tokens.insert(rng.randint(0, len(tokens)), what)
    return " ".join(tokens)


KINDS: tuple[Callable[[Random], str], ...] = (
    dunder_attribute, dunder_name, attribute, unknown_method, unknown_accessor, builtin, power, repetition, nesting,
    length, unicode_function, unicode_sign, punctuation, formatted, construct, statement, subscript, pattern, argument,
    unbalanced, cut, doubled, nothing, noise,
)  # fmt: skip
