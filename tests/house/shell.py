"""The commands that the pages show: read from their fenced blocks, word by word."""

import re
import shlex
from collections.abc import Iterator
from typing import NamedTuple

FENCE = re.compile(r"^```(?P<language>console|sh|bash|shell)\n(?P<text>.*?)^```", re.MULTILINE | re.DOTALL)
ASSIGNMENT = re.compile(r"[A-Za-z_]\w*=")
SEPARATORS = frozenset({"|", "||", "&&", ";", "&", "|&", "(", ")"})


class Command(NamedTuple):
    """One command of a page, its assignments before it taken off."""

    line: int
    words: tuple[str, ...]


def commands(page: str) -> Iterator[Command]:
    """Every command in the page's blocks; in `console` blocks those after `$ `, the rest being their output."""
    for block in FENCE.finditer(page):
        first = page[: block.start("text")].count("\n") + 1
        lines = block["text"].splitlines()
        number = 0
        while number < len(lines):
            start, text = number, lines[number]
            number += 1
            if block["language"] == "console":
                if not text.startswith("$ "):
                    continue
                text = text[2:]
            while (words := _words(text)) is None and number < len(lines):
                text += "\n" + lines[number]
                number += 1
            yield from (Command(first + start, part) for part in _split(words or []))


def _words(text: str) -> list[str] | None:
    """The words, or None where the command goes on in the next line."""
    if text.endswith("\\"):
        return None
    lexer = shlex.shlex(text.replace("\\\n", " "), posix=True, punctuation_chars=True)
    lexer.whitespace_split = True
    try:
        return list(lexer)
    except ValueError:  # an open quote
        return None


def _split(words: list[str]) -> Iterator[tuple[str, ...]]:
    part: list[str] = []
    for word in [*words, ";"]:
        if word not in SEPARATORS:
            part.append(word)
            continue
        while part and ASSIGNMENT.match(part[0]):
            del part[0]
        if part:
            yield tuple(part)
        part = []
