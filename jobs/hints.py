"""Suggestions for error messages: the nearest known name, and short listings."""

import difflib
from collections.abc import Iterable, Sequence
from typing import Final

SAY_CHARSET: Final = "say the charset in Content-Type (text/csv; charset=latin-1)"
"""For text that is not UTF-8, to whom sends it over HTTP."""

# difflib compares against every name; more than this many would make an error slower than the request
_MAX_COMPARED = 2_000


def did_you_mean(name: str, known: Iterable[str]) -> str:
    """The hint `; did you mean 'region'?`, or nothing where no known name is near."""
    candidates = [str(other) for other, _ in zip(known, range(_MAX_COMPARED), strict=False)]
    folded = {other.casefold(): other for other in candidates}
    near = difflib.get_close_matches(name.casefold()[:200], folded, n=1, cutoff=0.6)
    return f"; did you mean {folded[near[0]]!r}?" if near else ""


def listing(names: Sequence[str], limit: int = 12) -> str:
    """Names for a sentence: `'a', 'b' and 3 more`."""
    if not names:
        return "none"
    shown = ", ".join(repr(name) for name in names[:limit])
    return shown if len(names) <= limit else f"{shown} and {len(names) - limit} more"
