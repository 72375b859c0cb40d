"""Arrow columns to columns of text, a kernel at a time: what CSV and JSON share.

Rows are then glued together by one kernel more (`glue`), so no value ever becomes a Python object on its way out.
"""

import base64
from collections.abc import Sequence

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

_TICKS = {"s": 1, "ms": 10**3, "us": 10**6, "ns": 10**9}
_DIGITS = {"s": 0, "ms": 3, "us": 6, "ns": 9}


def plain(array: pa.Array) -> pa.Array:
    """The same values without dictionary, view or run-length encoding, as types the kernels below know."""
    type_ = array.type
    if pa.types.is_dictionary(type_):
        return plain(array.dictionary_decode())
    if pa.types.is_run_end_encoded(type_):
        return plain(pc.run_end_decode(array))
    if pa.types.is_string_view(type_) or pa.types.is_string(type_):
        return array.cast(pa.large_string())
    if pa.types.is_binary_view(type_) or pa.types.is_fixed_size_binary(type_):
        return array.cast(pa.large_binary())
    if pa.types.is_date64(type_):
        return array.cast(pa.date32())
    return array.cast(pa.float32()) if pa.types.is_float16(type_) else array


def is_bare(type_: pa.DataType) -> bool:
    """Whether a value's text stands without quotes in JSON."""
    return bool(
        pa.types.is_integer(type_)
        or pa.types.is_floating(type_)
        or pa.types.is_boolean(type_)
        or pa.types.is_null(type_)
    )


def is_text(type_: pa.DataType) -> bool:
    """Whether values are text already."""
    return bool(pa.types.is_string(type_) or pa.types.is_large_string(type_))


def is_binary(type_: pa.DataType) -> bool:
    """Whether values are bytes."""
    return bool(pa.types.is_binary(type_) or pa.types.is_large_binary(type_))


def scalar_text(array: pa.Array) -> pa.Array:
    """The text of each value of a column that is neither text nor nested; NaN is null, Infinity `inf`."""
    type_ = array.type
    if pa.types.is_floating(type_):
        return _float_text(array)
    if pa.types.is_timestamp(type_):
        return _timestamp_text(array)
    if pa.types.is_duration(type_):
        return _duration_text(array)
    if pa.types.is_decimal(type_):
        return _decimal_text(array)
    if is_binary(type_):
        encoded = [None if value is None else base64.b64encode(value).decode() for value in array.to_pylist()]
        return pa.array(encoded, pa.large_string())
    return array.cast(pa.large_string())


def finite(array: pa.Array) -> pa.Array:
    """A float column with null where there is NaN or Infinity."""
    usable = pc.is_finite(array)
    if pc.all(usable, min_count=0).as_py() is not False:
        return array
    return pc.if_else(usable, array, pa.scalar(None, array.type))


def _float_text(array: pa.Array) -> pa.Array:
    if pc.any(pc.is_nan(array)).as_py():
        array = pc.if_else(pc.is_nan(array), pa.scalar(None, array.type), array)
    text = array.cast(pa.large_string())
    # Arrow writes 1.0 as 1, and that would come back as an integer; from 1e10 on it writes an exponent
    whole = pc.and_(pc.equal(pc.floor(array), array), pc.less(pc.abs(array), 1e10))
    if not pc.any(whole).as_py():
        return text
    return pc.if_else(whole, glue([text, ".0"], nulls=None), text)


def _timestamp_text(array: pa.Array) -> pa.Array:
    zone = array.type.tz
    if zone is None:
        return _with_t(array.cast(pa.large_string()))
    naive = pa.timestamp(array.type.unit)
    instants = array.view(naive)
    if zone in ("UTC", "Etc/UTC", "Z", "+00:00"):
        return glue([_with_t(instants.cast(pa.large_string())), "+00:00"], nulls=None)
    # Arrow's own text of a zoned column takes 20 times as long
    local = pc.local_timestamp(array)
    ticks = _TICKS[array.type.unit]
    minutes = pc.divide(pc.subtract(local.view(pa.int64()), instants.view(pa.int64())), 60 * ticks)
    encoded = minutes.dictionary_encode()
    offsets = pa.array([_offset_text(value) for value in encoded.dictionary.to_pylist()], pa.large_string())
    return glue([_with_t(local.cast(pa.large_string())), offsets.take(encoded.indices)], nulls=None)


def _with_t(text: pa.Array) -> pa.Array:
    return pc.replace_substring(text, " ", "T", max_replacements=1)


def _offset_text(minutes: int) -> str:
    sign, size = ("-", -minutes) if minutes < 0 else ("+", minutes)
    return f"{sign}{size // 60:02d}:{size % 60:02d}"


def _duration_text(array: pa.Array) -> pa.Array:
    """ISO 8601 in seconds alone (`PT90.5S`), which neither rounds nor depends on how long a day is."""
    unit = array.type.unit
    ticks = array.view(pa.int64())
    sign = pc.if_else(pc.less(ticks, 0), "-PT", "PT").cast(pa.large_string())
    size = pc.abs(ticks)
    seconds = pc.divide(size, _TICKS[unit])
    parts: list[pa.Array | str] = [sign, seconds.cast(pa.large_string())]
    rest = pc.subtract(size, pc.multiply(seconds, _TICKS[unit]))
    if _DIGITS[unit] and pc.any(pc.not_equal(rest, 0)).as_py():
        parts += [".", pc.utf8_lpad(rest.cast(pa.large_string()), _DIGITS[unit], "0")]
    return glue([*parts, "S"], nulls=None)


def _decimal_text(array: pa.Array) -> pa.Array:
    text = array.cast(pa.string()).cast(pa.large_string())
    if not pc.any(pc.match_substring(text, "E")).as_py():
        return text
    plain_text = [None if value is None else format(value, "f") for value in array.to_pylist()]
    return pa.array(plain_text, pa.large_string())


def glue(parts: Sequence[pa.Array | str], *, nulls: str | None) -> pa.Array:
    """The parts of each row joined; a null part is written as `nulls`, or makes the row null where that is None."""
    ready = [pa.scalar(part, pa.large_string()) if isinstance(part, str) else part for part in parts]
    separator = pa.scalar("", pa.large_string())
    if nulls is None:
        return pc.binary_join_element_wise(*ready, separator, null_handling="emit_null")
    return pc.binary_join_element_wise(*ready, separator, null_handling="replace", null_replacement=nulls)


def joined(text: pa.Array) -> memoryview:
    """The bytes of all values one after the other; the column has no nulls."""
    _, offsets, data = text.buffers()
    if data is None or not len(text):
        return memoryview(b"")
    ends = np.frombuffer(offsets, np.int64)
    return memoryview(data)[ends[text.offset] : ends[text.offset + len(text)]]
