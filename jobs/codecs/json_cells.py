"""Arrow columns to columns of JSON text; null stays null, and is written by whoever joins the rows."""

import msgspec
import pyarrow as pa
import pyarrow.compute as pc

from jobs.codecs.cells import finite, glue, is_bare, is_text, plain, scalar_text

_ENCODE = msgspec.json.Encoder().encode
_NEEDS_ESCAPE = r'["\\\x00-\x1f]'


def json_text(array: pa.Array) -> pa.Array:
    """The JSON text of each value: numbers exact, NaN and Infinity null, what JSON has no type for a string."""
    array = plain(array)
    type_ = array.type
    if is_text(type_):
        return _quoted(array)
    if pa.types.is_floating(type_):
        return scalar_text(finite(array))
    if is_bare(type_):
        return scalar_text(array)
    if pa.types.is_map(type_):
        return _map_text(array)
    if pa.types.is_struct(type_):
        return _struct_text(array)
    if pa.types.is_nested(type_):
        return _list_text(array)
    # digits, signs, letters: nothing in these texts needs an escape
    return glue(['"', scalar_text(array), '"'], nulls=None)


def _quoted(array: pa.Array) -> pa.Array:
    if pc.any(pc.match_substring_regex(array, _NEEDS_ESCAPE)).as_py():
        encoded = [None if value is None else _ENCODE(value).decode() for value in array.to_pylist()]
        return pa.array(encoded, pa.large_string())
    return glue(['"', array, '"'], nulls=None)


def _list_text(array: pa.Array) -> pa.Array:
    # of any layout, sliced or not: the values of the lists alone, and where each list begins among them
    lengths = pc.fill_null(pc.list_value_length(array), 0).cast(pa.int32())
    return _bracketed(array, _offsets(lengths), json_text(pc.list_flatten(array)), "[", "]")


def _offsets(lengths: pa.Array) -> pa.Array:
    return pa.concat_arrays([pa.array([0], pa.int32()), pc.cumulative_sum(lengths)])


def _map_text(array: pa.Array) -> pa.Array:
    first, last = array.offsets[0].as_py(), array.offsets[-1].as_py()
    keys = plain(array.keys.slice(first, last - first))
    text = _quoted(keys if is_text(keys.type) else scalar_text(keys))
    pairs = glue([text, ":", _or_null(json_text(array.items.slice(first, last - first)))], nulls="null")
    return _bracketed(array, pc.subtract(array.offsets, first), pairs, "{", "}")


def _bracketed(array: pa.Array, offsets: pa.Array, items: pa.Array, start: str, end: str) -> pa.Array:
    # the kernel that joins the items of a list knows 32-bit offsets only; batches are far below 2 GiB
    texts = _or_null(items).cast(pa.string())
    lists = pa.ListArray.from_arrays(offsets, texts, mask=array.is_null() if array.null_count else None)
    return glue([start, pc.binary_join(lists, ",").cast(pa.large_string()), end], nulls=None)


def _struct_text(array: pa.Array) -> pa.Array:
    parts: list[pa.Array | str] = []
    for position, field in enumerate(array.type):
        key = ("," if position else "{") + _ENCODE(field.name).decode() + ":"
        parts += [key, _or_null(json_text(array.field(position)))]
    text = glue([*parts, "}"], nulls="null") if parts else pa.array(["{}"] * len(array), pa.large_string())
    return pc.if_else(array.is_valid(), text, pa.scalar(None, pa.large_string())) if array.null_count else text


def _or_null(text: pa.Array) -> pa.Array:
    return text.fill_null("null") if text.null_count else text
