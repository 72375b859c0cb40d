"""Keys that an object of JSON has twice: a parser keeps the last value, and would lose the others in silence.

The keys in a text are counted by their quote and colon, and compared with those of the values that were made of it.
Only where the two differ (a repeated key, or a text such as `"a\\":"`) is the text read once more, slowly.
"""

import json
import re
from collections.abc import Mapping
from typing import Any, Final

from msgspec import Raw

_GAP: Final = re.compile(rb'\s*[{,]\s*"(?:[^"\\]|\\.)*"\s*:\s*', re.DOTALL)
_END: Final = re.compile(rb"\s*\{?\s*\}\s*")
_SPACED: Final = re.compile(rb'"[ \t\r\n]+:')
_SPACES: Final = (b" :", b"\t:", b"\r:", b"\n:")
_PIECE: Final = 1024**2


class _RepeatedError(Exception):
    pass


def distinct(text: bytes | bytearray | memoryview, fields: Mapping[str, Raw]) -> bool:
    """Whether the object in `text` has each of its own keys once, where `fields` is what a parser made of it."""
    whole, place = memoryview(text), 0
    for value in fields.values():
        gap = _GAP.match(whole, place)
        if gap is None:
            return False
        start, place = gap.end(), gap.end() + len(memoryview(value))
        # as bytes: views are compared item by item, ten times slower than their copies
        if bytes(whole[start:place]) != bytes(value):  # it is another value's place: that one is lost
            return False
    return _END.fullmatch(whole, place) is not None


def key_marks(text: bytes | bytearray | memoryview) -> int:
    """How often a quote and a colon stand beside each other: the keys of all objects, and rarely more."""
    if len(text) > _PIECE:  # in pieces that overlap by a byte: one call into C holds every other thread up
        view = memoryview(text)
        return sum(_marks(bytes(view[at : at + _PIECE + 1])) for at in range(0, len(view), _PIECE))
    return _marks(bytes(text))


def _marks(text: bytes) -> int:
    count = text.count(b'":')
    return count + len(_SPACED.findall(text)) if any(space in text for space in _SPACES) else count


def key_count(value: Any) -> int:
    """How many keys the objects in a value have, at all depths."""
    count, level = 0, [value]
    while level:
        below: list[Any] = []
        for item in level:
            if type(item) is dict:
                count += len(item)
                below += [one for one in item.values() if type(one) in (dict, list)]
            elif type(item) is list:
                below += [one for one in item if type(one) in (dict, list)]
        level = below
    return count


def may_repeat(text: bytes | bytearray | memoryview, value: Any) -> bool:
    """Whether the text has more marks of keys than `value`, what a parser made of it, has keys."""
    flat = sum(map(len, value)) if type(value) is list and set(map(type, value)) == {dict} else -1
    if len(text) <= _PIECE and bytes(text).count(b":") == flat:  # a third of the time, where no text has a colon
        return False
    return key_marks(text) not in (flat, 0, key_count(value))


def repeated_key(text: bytes | bytearray | memoryview, value: Any) -> str | None:
    """The first key that an object in the text has twice, where `value` is what a parser made of it; else None."""
    if not may_repeat(text, value):
        return None
    try:
        json.loads(bytes(text), object_pairs_hook=_distinct)
    except _RepeatedError as error:
        return str(error)
    except (ValueError, RecursionError):  # what the strict parser took and this one does not has been judged already
        return None
    return None


def _distinct(pairs: list[tuple[str, Any]]) -> None:
    seen: set[str] = set()
    for key, _ in pairs:
        if key in seen:
            raise _RepeatedError(key)
        seen.add(key)
