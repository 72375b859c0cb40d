"""The methods of `.str`: Arrow's kernels underneath, RE2 for every regular expression."""

from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any

import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from jobs.expressions import growth, kernels
from jobs.expressions.arithmetic import arithmetic
from jobs.expressions.entries import Entry, Param, table
from jobs.expressions.normal import text_series
from jobs.expressions.patterns import check_pattern, matches_empty
from jobs.expressions.pieces import item, join, lengths, split, whole
from jobs.expressions.text_kinds import gives_count, gives_text
from jobs.expressions.text_tests import CASE, TESTS, verify_pattern
from jobs.expressions.values import Clash, Value, arrow_text, family, is_scalar, spelt

_PROBE = pa.array([""], pa.large_string())


def _verify_replace(literals: Mapping[str, Any]) -> None:
    verify_pattern(literals)
    pattern, most = literals["pat"], literals["n"]
    if most >= 0 and (matches_empty(pattern) if literals["regex"] else not pattern):
        raise Clash(
            f"the pattern {pattern[:80]!r} can match the empty text, and those have no first {most}; leave n out"
        )
    kernels.replace(_PROBE, **literals)


def _verify_extract(literals: Mapping[str, Any]) -> None:
    kernels.extract(_PROBE, **literals)


def _verify_split(literals: Mapping[str, Any]) -> None:
    pattern = literals["pat"]
    if pattern == "":
        raise Clash("pat wants a text to split at, not ''; leave it out for white space")
    if (
        pattern is not None
        and _is_regex(pattern, literals.get("regex", False))
        and matches_empty(check_pattern(pattern))
    ):
        raise Clash(f"the pattern {pattern[:80]!r} can match the empty text; as plain text: regex=False")


def _is_regex(pattern: str, regex: bool | None) -> bool:
    """As pandas has it: where nothing is said, a single character is a plain text, and more are a pattern."""
    return len(pattern) > 1 if regex is None else regex


def _verify_slice(literals: Mapping[str, Any]) -> None:
    if literals["step"] == 0:
        raise Clash("a slice has no step 0; leave it out for all characters")


def _guarded(entry: Entry) -> Callable[..., Value]:
    """The entry for columns of text; `get` and `len` also take columns of lists, as `split` makes them."""
    run = entry.apply

    def apply(index: pd.Index, target: Value, **arguments: Any) -> Value:
        kind = family(target)
        if kind == "lists" and entry.name in _ON_LISTS:
            return _ON_LISTS[entry.name](target, **arguments)
        if kind == "null" or (is_scalar(target) and kind == "text"):
            raise Clash(".str wants a column, not one value of the whole frame")
        if kind != "text":
            raise Clash(f".str wants text, not {spelt(target)}; str(x) makes text of it")
        return run(index, target, **arguments)

    return apply


def _find(index: pd.Index, target: pd.Series, sub: str, start: int, end: int | None) -> Value:
    return whole(target.str.find(sub, start, end), index)


def _rfind(index: pd.Index, target: pd.Series, sub: str, start: int, end: int | None) -> Value:
    return whole(target.str.rfind(sub, start, end), index)


def _slice_replace(index: pd.Index, target: pd.Series, start: int | None, stop: int | None, repl: str) -> Value:  # noqa: ARG001  # a kernel's shape
    growth.check_fill(arrow_text(target), 1, repl)
    return target.str.slice_replace(start, stop, repl)


def _casefold(index: pd.Index, target: pd.Series) -> Value:
    return text_series(pa.array(target.str.casefold(), pa.large_string(), from_pandas=True), index)


def _cat(index: pd.Index, target: pd.Series, others: Value, sep: str, na_rep: str | None) -> Value:
    if family(others) != "text":
        raise Clash(f"cat joins texts, not {spelt(others)}; str(x) makes text of it")
    if na_rep is not None:
        target = target.fillna(na_rep)
        others = others if isinstance(others, str) else others.fillna(na_rep)
    first = arithmetic("+", target, sep, index) if sep else target
    return arithmetic("+", first, others, index)


def _join(index: pd.Index, target: Value, sep: str) -> Value:  # noqa: ARG001  # lists have a way of their own
    raise Clash("join wants a column of lists, as split makes them; texts are joined by +")


def _split(index: pd.Index, target: pd.Series, pat: str | None, n: int, regex: bool | None) -> Value:
    by_pattern = pat is not None and _is_regex(pat, regex)
    return split(arrow_text(target), pat, n, index, reverse=False, regex=by_pattern)


def _rsplit(index: pd.Index, target: pd.Series, pat: str | None, n: int) -> Value:
    return split(arrow_text(target), pat, n, index, reverse=True)


_ON_LISTS: Mapping[str, Callable[..., Value]] = {
    "get": item,
    "len": lengths,
    "join": join,
}
_STRIP = (Param("to_strip", "text", None),)
_PAT = Param("pat", "pattern")
_WIDTH = (Param("width", "width"), Param("fillchar", "letter", " "))

_REPLACE = (
    Param("pat", "text"),
    Param("repl", "text"),
    Param("n", "integer", -1),
    CASE,
    Param("regex", "flag", default=False),
)
_SUB = (Param("sub", "text"), Param("start", "integer", 0), Param("end", "integer", None))
_SLICE = tuple(Param(name, "integer", None) for name in ("start", "stop", "step"))
_SLICE_REPLACE = (Param("start", "integer", None), Param("stop", "integer", None), Param("repl", "text", ""))
_RSPLIT = (Param("pat", "text", None), Param("n", "integer", -1))
_SPLIT = (*_RSPLIT, Param("regex", "flag", None))
_PAD = (
    Param("width", "width"),
    Param("side", "text", "left", ("left", "right", "both")),
    Param("fillchar", "letter", " "),
)

_ENTRIES = (
    Entry("lower", "in lower case", gives_text(pc.utf8_lower)),
    Entry("upper", "in upper case", gives_text(pc.utf8_upper)),
    Entry("title", "each word with a capital", gives_text(pc.utf8_title)),
    Entry("capitalize", "the first letter a capital, the rest lower", gives_text(pc.utf8_capitalize)),
    Entry("swapcase", "upper and lower case exchanged", gives_text(pc.utf8_swapcase)),
    Entry("casefold", "in lower case for comparison: ß is ss", _casefold),
    Entry(
        "normalize",
        "in a Unicode normal form",
        gives_text(pc.utf8_normalize),
        (Param("form", "text", choices=("NFC", "NFKC", "NFD", "NFKD")),),
    ),
    Entry("len", "the number of characters", gives_count(pc.utf8_length)),
    Entry(
        "strip",
        "without white space (or these characters) at both ends",
        gives_text(kernels.trim(pc.utf8_trim_whitespace, pc.utf8_trim)),
        _STRIP,
    ),
    Entry(
        "lstrip",
        "without white space (or these characters) at the start",
        gives_text(kernels.trim(pc.utf8_ltrim_whitespace, pc.utf8_ltrim)),
        _STRIP,
    ),
    Entry(
        "rstrip",
        "without white space (or these characters) at the end",
        gives_text(kernels.trim(pc.utf8_rtrim_whitespace, pc.utf8_rtrim)),
        _STRIP,
    ),
    Entry(
        "replace",
        "every (or the first n) pat replaced by repl",
        gives_text(kernels.replace),
        _REPLACE,
        verify=_verify_replace,
    ),
    Entry(
        "count", "how often the pattern (RE2) is found", gives_count(kernels.occurrences), (Param("pat", "pattern"),)
    ),
    Entry(
        "extract",
        "what the pattern's (RE2) group matched, else null",
        gives_text(kernels.extract),
        (_PAT,),
        verify=_verify_extract,
    ),
    Entry("find", "the position of sub, from 0; -1 where it is not found", _find, _SUB),
    Entry("rfind", "the last position of sub; -1 where it is not found", _rfind, _SUB),
    Entry(
        "get",
        "the character (of a list the item) at position i, negative from the end",
        gives_text(kernels.get),
        (Param("i", "integer"),),
    ),
    Entry("slice", "the characters from start to stop", gives_text(kernels.slice_), _SLICE, verify=_verify_slice),
    Entry("slice_replace", "repl in place of the characters from start to stop", _slice_replace, _SLICE_REPLACE),
    Entry(
        "cat",
        "the text, sep and the other text; null where one is null, unless na_rep stands for it",
        _cat,
        (Param("others"), Param("sep", "text", ""), Param("na_rep", "text", None)),
    ),
    Entry("join", "the texts of a list with sep between them", _join, (Param("sep", "text"),)),
    Entry("split", "a list of the pieces between pat (white space where None)", _split, _SPLIT, verify=_verify_split),
    Entry("rsplit", "as split, counted from the end", _rsplit, _RSPLIT, verify=_verify_split),
    Entry("removeprefix", "without this at the start", gives_text(kernels.prefix), (Param("prefix", "text"),)),
    Entry("removesuffix", "without this at the end", gives_text(kernels.suffix), (Param("suffix", "text"),)),
    Entry("pad", "filled to width characters at side", gives_text(kernels.pad), _PAD),
    Entry("ljust", "filled on the right to width characters", gives_text(kernels.filled("right")), _WIDTH),
    Entry("rjust", "filled on the left to width characters", gives_text(kernels.filled("left")), _WIDTH),
    Entry("center", "filled on both sides to width characters", gives_text(kernels.filled("both")), _WIDTH),
    Entry(
        "zfill",
        "filled with zeros after the sign to width characters",
        gives_text(kernels.zfill),
        (Param("width", "width"),),
    ),
    Entry("repeat", "repeated", gives_text(kernels.repeat), (Param("repeats", "width"),)),
    *TESTS,
)
TEXTS = table(replace(entry, apply=_guarded(entry)) for entry in _ENTRIES)
