"""What the methods of `.str` do, on Arrow text; each gives an Arrow array."""

from collections.abc import Callable
from functools import partial
from typing import Any

import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from jobs.expressions import growth
from jobs.expressions.normal import text_series
from jobs.expressions.patterns import anchored, check_pattern, flagged, matches_empty, rewrite
from jobs.expressions.values import Clash, arrow_text

_Arrow = Callable[..., Any]


def contains(text: Any, pat: str, case: bool, regex: bool) -> Any:
    """Whether `pat` is found: a pattern where `regex`, else a plain text."""
    if regex:
        return pc.match_substring_regex(text, flagged(check_pattern(pat), case=case))
    return pc.match_substring(text, pat, ignore_case=not case)


def match(text: Any, pat: str, case: bool) -> Any:
    """Whether the pattern is found at the start."""
    return pc.match_substring_regex(text, anchored(pat, case=case))


def fullmatch(text: Any, pat: str, case: bool) -> Any:
    """Whether the pattern is the whole text."""
    return pc.match_substring_regex(text, anchored(pat, case=case, whole=True))


def edge(kernel: _Arrow) -> _Arrow:
    """A kernel of one text as one of several, any of which may fit."""

    def run(text: Any, pat: tuple[str, ...]) -> Any:
        if not pat:
            raise Clash("pat wants a text or a list of them")
        found = kernel(text, pat[0])
        for other in pat[1:]:
            found = pc.or_(found, kernel(text, other))
        return found

    return run


def replace(text: Any, pat: str, repl: str, n: int, case: bool, regex: bool) -> Any:
    """`repl` in place of the first `n` (all where negative) `pat`."""
    most = None if n < 0 else n
    pattern = flagged(check_pattern(pat) if regex else quoted(pat), case=case)
    growth.check_replace(text, lambda: occurrences(text, pattern), repl, literal=not regex)
    # the kernel for plain text never comes to an end of nothing
    if regex or not case or not pat:
        new = rewrite(repl, literal=not regex)
        try:
            return pc.replace_substring_regex(text, pattern, new, max_replacements=most)
        except pa.ArrowInvalid as error:
            raise Clash(f"the replacement {repl[:80]!r} does not fit its pattern: {str(error)[:160]}") from None
    return pc.replace_substring(text, pat, repl, max_replacements=most)


def quoted(pattern: str) -> str:
    """A plain text as a pattern for itself."""
    return "".join(letter if letter.isalnum() or letter == "_" else f"\\x{{{ord(letter):x}}}" for letter in pattern)


def extract(text: Any, pat: str) -> Any:
    """What the pattern's one group matched."""
    pattern = pat if "(?P<" in pat else pat.replace("(", "(?P<first>", 1) if pat.startswith("(") else ""
    if not pattern:
        raise Clash("extract wants one named group, as in '(?P<year>[0-9]{4})'")
    try:
        groups = pc.extract_regex(text, pattern)
    except pa.ArrowInvalid as error:
        raise Clash(f"extract wants one named group, as in '(?P<year>[0-9]{{4}})': {str(error)[:160]}") from None
    return pc.struct_field(groups, [0])


def trim(plain: _Arrow, letters: _Arrow) -> _Arrow:
    """A kernel that trims white space, or the letters given."""

    def run(text: Any, to_strip: str | None) -> Any:
        return plain(text) if to_strip is None else letters(text, characters=to_strip)

    return run


def get(text: Any, i: int) -> Any:
    """The character at position `i`, null where the text is shorter."""
    length = pc.utf8_length(text)
    letter = pc.utf8_slice_codeunits(text, i, i + 1 if i != -1 else None)
    inside = pc.greater(length, i) if i >= 0 else pc.greater_equal(length, -i)
    return pc.if_else(inside, letter, pa.scalar(None, pa.large_string()))


def slice_(text: Any, start: int | None, stop: int | None, step: int | None) -> Any:
    """The characters from `start` to `stop`."""
    step = 1 if step is None else step
    if step < 0:
        return slice_back(text, start, stop, step)
    return pc.utf8_slice_codeunits(text, 0 if start is None else start, stop, step)


def slice_back(text: Any, start: int | None, stop: int | None, step: int) -> Any:
    """A slice with a negative step."""
    series = text_series(text, pd.RangeIndex(len(text)))
    return arrow_text(series.str.slice(start, stop, step))


def prefix(text: Any, prefix: str) -> Any:
    """Without `prefix` at the start."""
    rest = pc.utf8_slice_codeunits(text, len(prefix))
    return pc.if_else(pc.starts_with(text, prefix), rest, text)


def suffix(text: Any, suffix: str) -> Any:
    """Without `suffix` at the end."""
    if not suffix:
        return text
    return pc.if_else(pc.ends_with(text, suffix), pc.utf8_slice_codeunits(text, 0, -len(suffix)), text)


def zfill(text: Any, width: int) -> Any:
    """Filled with zeros after the sign."""
    growth.check_fill(text, width, "0")
    sign = pc.match_substring_regex(text, r"\A[+-]")
    digits = pc.if_else(sign, pc.utf8_slice_codeunits(text, 1), text)
    filled = pc.utf8_lpad(digits, max(0, width - 1), "0")
    mark = pc.utf8_slice_codeunits(text, 0, 1)
    signed = pc.binary_join_element_wise(mark, filled, pa.scalar("", pa.large_string()))
    return pc.if_else(sign, signed, pc.utf8_lpad(text, width, "0"))


def occurrences(text: Any, pat: str) -> Any:
    """How often the pattern is found."""
    if matches_empty(pat):
        # the kernel that counts looks for nothing between bytes; the one that replaces, between characters
        with_mark, without = (pc.replace_substring_regex(text, pat, mark) for mark in ("\0", ""))
        return pc.subtract(pc.utf8_length(with_mark), pc.utf8_length(without))
    return pc.count_substring_regex(text, pat)


def filled(side: str) -> _Arrow:
    """The kernel that fills at `side`."""
    kernel = {"left": pc.utf8_lpad, "right": pc.utf8_rpad, "both": pc.utf8_center}[side]
    return partial(_fill, kernel)


def _fill(kernel: _Arrow, text: Any, width: int, fillchar: str) -> Any:
    growth.check_fill(text, width, fillchar)
    if kernel is pc.utf8_center:  # where one side gets more, Python and pandas let the width say which
        return kernel(text, width, fillchar, lean_left_on_odd_padding=width % 2 == 0)
    return kernel(text, width, fillchar)


def pad(text: Any, width: int, side: str, fillchar: str) -> Any:
    """Filled to `width` at `side`."""
    return filled(side)(text, width, fillchar)


def repeat(text: Any, repeats: int) -> Any:
    """Each text repeated; raises OutputTooLarge."""
    growth.check_repeat(text, repeats)
    return pc.binary_repeat(text, repeats)
