"""Keys that stand twice in an object are found, whatever else stands in the text."""

import json
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from jobs.repeated_keys import distinct, key_count, key_marks, repeated_key

VALUES = st.recursive(
    st.none() | st.integers() | st.text('":{}[],\\ ab', max_size=6),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text('":, a\\', max_size=4), inner, max_size=3),
    max_leaves=8,
)


@given(VALUES, st.sampled_from([(",", ":"), (", ", " : "), (" ,", "\n:\t")]))
def test_what_has_no_key_twice_passes(value: Any, separators: tuple[str, str]) -> None:
    text = json.dumps(value, separators=separators).encode()
    assert repeated_key(text, msgspec.json.decode(text)) is None
    assert key_marks(text) >= key_count(value)


@given(
    st.dictionaries(st.text('":{}, a\\', max_size=4), VALUES, max_size=4), st.sampled_from([(",", ":"), (" , ", " : ")])
)
def test_the_own_keys_of_an_object_are_told_apart(value: dict[str, Any], separators: tuple[str, str]) -> None:
    text = json.dumps(value, separators=separators).encode()
    fields = msgspec.json.decode(text, type=dict[str, msgspec.Raw])
    assert distinct(text, fields)
    for key in value:
        twice = text.rstrip(b"}") + b"," + json.dumps(key).encode() + b":0}"
        try:
            again = msgspec.json.decode(twice, type=dict[str, msgspec.Raw])
        except msgspec.DecodeError:  # a text that ended with other braces
            continue
        assert not distinct(twice, again)


@pytest.mark.parametrize(
    ("text", "key"),
    [
        (b'{"a":1,"a":2}', "a"),
        (b'[{"b":1},{"a":1,"x":{"c":1,"c" : 1}}]', "c"),
        (b'[{"a":"12:30","a":"\\":"}]', "a"),
        (b'{"\\u0061":1,"a":2}', "a"),
        (b'{"x":"\\":\\":","a":[{"y":1,"y":1}]}', "y"),
    ],
)
def test_a_key_that_stands_twice_is_named(text: bytes, key: str) -> None:
    assert repeated_key(text, msgspec.json.decode(text)) == key


def test_marks_are_counted_across_pieces() -> None:
    for start in (1024**2 - 3, 1024**2 - 2, 1024**2 - 1, 1024**2):
        text = b"[" + b" " * start + b'{"a":1}]'
        assert key_marks(text) == 1
