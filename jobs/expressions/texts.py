"""The methods of `.str`: Arrow's kernels underneath, RE2 for every regular expression."""

from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any

import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from jobs.expressions import kernels
from jobs.expressions.entries import Entry, Param, table
from jobs.expressions.normal import logical_from_arrow, masked, text_series
from jobs.expressions.patterns import check_pattern, matches_empty
from jobs.expressions.pieces import item, lengths, split, whole
from jobs.expressions.values import Clash, Value, arrow_text, family, is_scalar, spelt

_CASE = Param("case", "flag", default=True)
_NA = Param("na", "flag", None)
_PROBE = pa.array([""], pa.large_string())
_Arrow = Callable[..., Any]


def _text(arrow: _Arrow) -> Callable[..., Value]:
    """An entry that gives text."""

    def run(index: pd.Index, target: pd.Series, **arguments: Any) -> Value:
        return text_series(arrow(arrow_text(target), **arguments), index)

    return run


def _count(arrow: _Arrow) -> Callable[..., Value]:
    """An entry that gives an integer: int64, or Int64 where the text has nulls."""

    def run(index: pd.Index, target: pd.Series, **arguments: Any) -> Value:
        counts = arrow(arrow_text(target), **arguments).cast(pa.int64())
        if counts.null_count == 0:
            return counts.to_numpy(zero_copy_only=False) if isinstance(counts, pa.Array) else counts.to_numpy()
        return pd.Series(masked(counts), index=index)

    return run


def _test(arrow: _Arrow) -> Callable[..., Value]:
    """An entry that gives a condition, null where the text is null, unless `na` says what it is then."""

    def run(index: pd.Index, target: pd.Series, na: bool | None = None, **arguments: Any) -> Value:  # noqa: ARG001  # a kernel's shape
        found = arrow(arrow_text(target), **arguments)
        return logical_from_arrow(found if na is None else pc.fill_null(found, na))

    return run


def _verify_pattern(literals: Mapping[str, Any]) -> None:
    if literals["regex"]:
        check_pattern(literals["pat"])


def _verify_replace(literals: Mapping[str, Any]) -> None:
    _verify_pattern(literals)
    pattern, most = literals["pat"], literals["n"]
    if most >= 0 and (matches_empty(pattern) if literals["regex"] else not pattern):
        raise Clash(
            f"the pattern {pattern[:80]!r} can match the empty text, and those have no first {most}; leave n out"
        )
    kernels.replace(_PROBE, **literals)


def _verify_extract(literals: Mapping[str, Any]) -> None:
    kernels.extract(_PROBE, **literals)


def _verify_split(literals: Mapping[str, Any]) -> None:
    if literals["pat"] == "":
        raise Clash("pat wants a text to split at, not ''; leave it out for white space")


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


def _find(index: pd.Index, target: pd.Series, sub: str) -> Value:
    return whole(target.str.find(sub), index)


def _rfind(index: pd.Index, target: pd.Series, sub: str) -> Value:
    return whole(target.str.rfind(sub), index)


def _split(index: pd.Index, target: pd.Series, pat: str | None, n: int) -> Value:
    return split(arrow_text(target), pat, n, index, reverse=False)


def _rsplit(index: pd.Index, target: pd.Series, pat: str | None, n: int) -> Value:
    return split(arrow_text(target), pat, n, index, reverse=True)


_ON_LISTS: Mapping[str, Callable[..., Value]] = {
    "get": item,
    "len": lengths,
}
_STRIP = (Param("to_strip", "text", None),)
_PAT = Param("pat", "pattern")
_EDGES = (Param("pat", "texts"), _NA)
_WIDTH = (Param("width", "width"), Param("fillchar", "letter", " "))

_REPLACE = (
    Param("pat", "text"),
    Param("repl", "text"),
    Param("n", "integer", -1),
    _CASE,
    Param("regex", "flag", default=False),
)
_SUB = (Param("sub", "text"),)
_SLICE = tuple(Param(name, "integer", None) for name in ("start", "stop", "step"))
_SPLIT = (Param("pat", "text", None), Param("n", "integer", -1))
_PAD = (
    Param("width", "width"),
    Param("side", "text", "left", ("left", "right", "both")),
    Param("fillchar", "letter", " "),
)
_CLASSES = (
    ("alpha", pc.utf8_is_alpha, "letters"),
    ("digit", pc.utf8_is_digit, "digits"),
    ("numeric", pc.utf8_is_numeric, "numeric"),
    ("decimal", pc.utf8_is_decimal, "decimal digits"),
    ("alnum", pc.utf8_is_alnum, "letters or digits"),
    ("space", pc.utf8_is_space, "white space"),
    ("lower", pc.utf8_is_lower, "lower case where they have a case"),
    ("upper", pc.utf8_is_upper, "upper case where they have a case"),
    ("title", pc.utf8_is_title, "in title case"),
)

_ENTRIES = (
    Entry("lower", "in lower case", _text(pc.utf8_lower)),
    Entry("upper", "in upper case", _text(pc.utf8_upper)),
    Entry("title", "each word with a capital", _text(pc.utf8_title)),
    Entry("capitalize", "the first letter a capital, the rest lower", _text(pc.utf8_capitalize)),
    Entry("swapcase", "upper and lower case exchanged", _text(pc.utf8_swapcase)),
    Entry("len", "the number of characters", _count(pc.utf8_length)),
    Entry(
        "strip",
        "without white space (or these characters) at both ends",
        _text(kernels.trim(pc.utf8_trim_whitespace, pc.utf8_trim)),
        _STRIP,
    ),
    Entry(
        "lstrip",
        "without white space (or these characters) at the start",
        _text(kernels.trim(pc.utf8_ltrim_whitespace, pc.utf8_ltrim)),
        _STRIP,
    ),
    Entry(
        "rstrip",
        "without white space (or these characters) at the end",
        _text(kernels.trim(pc.utf8_rtrim_whitespace, pc.utf8_rtrim)),
        _STRIP,
    ),
    Entry(
        "contains",
        "whether the pattern (RE2) is found",
        _test(kernels.contains),
        (Param("pat", "maybe_pattern"), _CASE, _NA, Param("regex", "flag", default=True)),
        verify=_verify_pattern,
    ),
    Entry("match", "whether the pattern (RE2) is found at the start", _test(kernels.match), (_PAT, _CASE, _NA)),
    Entry("fullmatch", "whether the pattern (RE2) is the whole text", _test(kernels.fullmatch), (_PAT, _CASE, _NA)),
    Entry(
        "startswith",
        "whether the text starts with this, or with one of these",
        _test(kernels.edge(pc.starts_with)),
        _EDGES,
    ),
    Entry(
        "endswith", "whether the text ends with this, or with one of these", _test(kernels.edge(pc.ends_with)), _EDGES
    ),
    Entry(
        "replace",
        "every (or the first n) pat replaced by repl",
        _text(kernels.replace),
        _REPLACE,
        verify=_verify_replace,
    ),
    Entry("count", "how often the pattern (RE2) is found", _count(kernels.occurrences), (Param("pat", "pattern"),)),
    Entry(
        "extract",
        "what the pattern's (RE2) group matched, else null",
        _text(kernels.extract),
        (_PAT,),
        verify=_verify_extract,
    ),
    Entry("find", "the position of sub, from 0; -1 where it is not found", _find, _SUB),
    Entry("rfind", "the last position of sub; -1 where it is not found", _rfind, _SUB),
    Entry(
        "get",
        "the character (of a list the item) at position i, negative from the end",
        _text(kernels.get),
        (Param("i", "integer"),),
    ),
    Entry("slice", "the characters from start to stop", _text(kernels.slice_), _SLICE, verify=_verify_slice),
    Entry("split", "a list of the pieces between pat (white space where None)", _split, _SPLIT, verify=_verify_split),
    Entry("rsplit", "as split, counted from the end", _rsplit, _SPLIT, verify=_verify_split),
    Entry("removeprefix", "without this at the start", _text(kernels.prefix), (Param("prefix", "text"),)),
    Entry("removesuffix", "without this at the end", _text(kernels.suffix), (Param("suffix", "text"),)),
    Entry("pad", "filled to width characters at side", _text(kernels.pad), _PAD),
    Entry("ljust", "filled on the right to width characters", _text(kernels.filled("right")), _WIDTH),
    Entry("rjust", "filled on the left to width characters", _text(kernels.filled("left")), _WIDTH),
    Entry("center", "filled on both sides to width characters", _text(kernels.filled("both")), _WIDTH),
    Entry(
        "zfill",
        "filled with zeros after the sign to width characters",
        _text(kernels.zfill),
        (Param("width", "width"),),
    ),
    Entry("repeat", "repeated", _text(kernels.repeat), (Param("repeats", "width"),)),
    *(
        Entry(f"is{name}", f"whether all characters are {what}, and there is one", _test(kernel))
        for name, kernel, what in _CLASSES
    ),
)
TEXTS = table(replace(entry, apply=_guarded(entry)) for entry in _ENTRIES)
