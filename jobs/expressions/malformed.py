"""What is wrong with text that is no expression, and where, in the writer's terms rather than the parser's."""

import bisect
import keyword
import re
from collections.abc import Sequence

from jobs.errors import ExpressionSyntax

_VAGUE = "this is not an expression"
# what another operand has to follow
_OPEN_ENDED = re.compile(r"(?:[-+*/%<>=!^~.,(\[&|]|\b(?:and|or|not|in|is|if|else))\s*$")
_WORDS = frozenset(["and", "between", "in", "is", "like", "not", "or"])
_NAME = re.compile(r"[^\W\d]\w*")


def malformed(error: SyntaxError, text: str, starts: Sequence[int], origins: Sequence[int]) -> ExpressionSyntax:
    """The error of ours for one of Python's parser.

    Tokens begin at `starts` in what the parser was given, and at `origins` in the text.
    """
    if _OPEN_ENDED.search(text):
        return ExpressionSyntax("the expression ends too early,", text=text, position=len(text))
    found = _side_by_side(text, origins)
    if found is not None:
        name = text[found[0] : found[1]]
        detail = f"two names stand side by side; a column with a blank in its name goes in backticks: `{name}`,"
        return ExpressionSyntax(detail, text=text, position=found[0])
    index = bisect.bisect_right(starts, max(0, (error.offset or 1) - 1)) - 1
    return ExpressionSyntax(_reason(error), text=text, position=origins[max(0, index)])


def _side_by_side(text: str, origins: Sequence[int]) -> tuple[int, int] | None:
    """Where names with nothing but blanks between them begin and end."""
    run: list[tuple[int, int]] = []
    for origin in (*origins, len(text)):
        found = _NAME.match(text, origin)
        if found is not None and not _is_word(found[0]) and text[found.end() : found.end() + 1] not in ("'", '"'):
            run.append(found.span())
        elif len(run) > 1:
            break
        else:
            run = []
    return (run[0][0], run[-1][1]) if len(run) > 1 else None


def _is_word(name: str) -> bool:
    """Whether the name means something of its own, here or in SQL."""
    return keyword.iskeyword(name) or name.casefold() in _WORDS


def _reason(error: SyntaxError) -> str:
    reason = error.msg.split(". ")[0].split(" (<unknown>")[0]
    return _VAGUE if reason.startswith("invalid syntax") else reason
