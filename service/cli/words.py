"""Words for people: values as plain text, counts with their noun."""

import json
import re

_CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f]")


def plain(value: object, limit: int = 2_000) -> str:
    """A value as one line of text without control characters, cut to `limit`."""
    text = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False, default=str)
    text = _CONTROL.sub(lambda found: found[0].encode("unicode_escape").decode("ascii"), text)
    return text if len(text) <= limit else text[: limit - 1] + "…"


def counted(number: int, noun: str) -> str:
    """A number of things: `1 column`, `2,000 columns`."""
    return f"{number:,} {noun}{'' if number == 1 else 's'}"
