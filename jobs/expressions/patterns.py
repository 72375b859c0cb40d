"""Regular expressions: RE2 through pyarrow, which runs in linear time whatever the pattern."""

import pyarrow as pa
import pyarrow.compute as pc

from jobs.expressions.values import Clash

_PROBE = pa.array([""], pa.large_string())
_NOT_RE2 = (
    ("(?=", "a lookahead"),
    ("(?!", "a lookahead"),
    ("(?<=", "a lookbehind"),
    ("(?<!", "a lookbehind"),
    ("(?>", "an atomic group"),
    ("(?(", "a conditional group"),
    ("(?P=", "a backreference"),
)


def check_pattern(pattern: str) -> str:
    """The pattern itself, when RE2 can run it; raises Clash that says what it cannot do."""
    try:
        pc.match_substring_regex(_PROBE, pattern)
    except pa.ArrowInvalid as error:
        raise Clash(_reason(pattern, str(error))) from None
    return pattern


def matches_empty(pattern: str) -> bool:
    """Whether the pattern can match the empty text anywhere, as `b*`, `^` and `x|` do.

    Asked beside nothing, a letter and a space: what `\\b`, `^` and the like say elsewhere holds at one of these.
    """
    if not pattern:
        return True
    probes = [("", rf"\A(?:{pattern})\z")]
    for letter in ("a", " "):
        probes += [(letter, rf"\A(?:{pattern}){letter}\z"), (letter, rf"\A{letter}(?:{pattern})\z")]
    try:
        return any(pc.match_substring_regex(pa.scalar(text), probe).as_py() for text, probe in probes)
    except pa.ArrowInvalid:
        return True  # an open \Q swallows the group's end: nobody knows


def _reason(pattern: str, message: str) -> str:
    named = [what for mark, what in _NOT_RE2 if mark in pattern]
    if not named and any(f"\\{digit}" in pattern for digit in range(1, 10)):
        named = ["a backreference"]
    because = f"it has {named[0]}" if named else message.rpartition("Invalid regular expression: ")[2][:200]
    return f"the pattern {pattern[:80]!r} is none that RE2, the linear-time engine, runs: {because}"


def flagged(pattern: str, *, case: bool = True) -> str:
    """The pattern with its flags written into it."""
    return pattern if case else f"(?i){pattern}"


def anchored(pattern: str, *, case: bool = True, whole: bool = False) -> str:
    """The pattern held to the beginning of the text, and to its end where `whole`."""
    return flagged(rf"\A(?:{pattern})" + (r"\z" if whole else ""), case=case)


def rewrite(replacement: str, *, literal: bool) -> str:
    r"""A replacement in RE2's spelling: `\1` and `\g<1>` are groups where not `literal`; a lone backslash is itself."""
    if literal:
        return replacement.replace("\\", "\\\\")
    parts, rest = [], replacement
    while rest:
        head, slash, rest = rest.partition("\\")
        parts.append(head)
        if slash:
            piece, rest = _group(rest)
            parts.append(piece)
    return "".join(parts)


def _group(rest: str) -> tuple[str, str]:
    if rest[:1].isdigit() and rest[:1].isascii():
        return f"\\{rest[0]}", rest[1:]
    if rest.startswith("g<") and rest[2:3].isdigit() and rest[3:4] == ">":
        return f"\\{rest[2]}", rest[4:]
    if rest.startswith("\\"):
        return "\\\\", rest[1:]
    return "\\\\", rest
