"""What msgspec says of JSON that it refuses, in plain words and with JSON pointers."""

import re
from typing import Final

from jobs.errors import JsonMalformed

_BYTE: Final = re.compile(r" \(byte (\d+)\)$")
_PATH: Final = re.compile(r" - at `(key in )?\$([^`]*)`$")
_KINDS: Final = {
    "object": "an object",
    "array": "an array",
    "str": "a string",
    "int": "an integer",
    "float": "a number",
    "bool": "true or false",
    "null": "null",
}
_LONGEST: Final = 2_000  # a message repeats a name of the caller, however long it is
_CONTINUATION: Final = bytes(range(0x80, 0xC0))  # the bytes of UTF-8 that begin no character
_SLICE: Final = 1024**2  # one call into C holds every other thread up: none is longer than a millisecond


def message_of(error: Exception) -> str:
    """What msgspec says, without the middle of a message that a caller made long."""
    text = str(error)
    return text if len(text) <= 2 * _LONGEST else text[:_LONGEST] + text[-_LONGEST:]


def split(message: str) -> tuple[str, str]:
    """A message of msgspec as what it says and the path it says it of: `.pipeline[1]`, "" for the whole."""
    found = _PATH.search(message)
    return (message, "") if found is None else (message[: found.start()], found[2])


def pointer_to(path: str) -> str:
    """msgspec's path as a JSON pointer; a key that it does not name (`[...]`) ends the pointer."""
    return re.sub(r"\.([^.\[]+)|\[(\d+)\]", lambda part: f"/{part[1] or part[2]}", path.partition("[...]")[0])


def readable(message: str) -> str:
    """msgspec's message in plain words: ``Expected `float`, got `str` `` → expected a number, got a string."""
    words = re.sub(r"`([^`]*)`", lambda quoted: _kinds(quoted[1]), split(message)[0])
    return words[:1].lower() + words[1:]


def malformed(error: Exception, body: bytes | bytearray, what: str = "the body") -> JsonMalformed:
    """Where `body` stops being JSON, by line and column."""
    if isinstance(error, UnicodeDecodeError):
        return JsonMalformed(f"{what} is not UTF-8: {error.reason}")
    text = message_of(error)
    found = _BYTE.search(text)
    if found is None:
        return JsonMalformed(f"{what} ends too early: {_where(body, len(body))}")
    reason = _BYTE.sub("", text).removeprefix("JSON is malformed: ")
    return JsonMalformed(f"{what} is not JSON: {reason} at {_where(body, int(found[1]))}")


def _where(body: bytes | bytearray, at: int) -> str:
    line_start = body.rfind(b"\n", 0, at) + 1
    line = sum(body.count(b"\n", start, min(start + _SLICE, at)) for start in range(0, at, _SLICE)) + 1
    starts = range(line_start, at, _SLICE)
    column = sum(len(body[start : min(start + _SLICE, at)].translate(None, _CONTINUATION)) for start in starts) + 1
    return f"line {line}, column {column}"


def _kinds(name: str) -> str:
    return " or ".join(_KINDS.get(kind, repr(kind)) for kind in name.split(" | "))
