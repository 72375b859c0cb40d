"""One column to another type, strictly: what does not fit is an error that names its row and value."""

import base64
import binascii
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from jobs.errors import CastFailed
from jobs.rejects import refused

_REFUSALS = (pa.ArrowInvalid, pa.ArrowNotImplementedError, pa.ArrowTypeError, ValueError, OverflowError, KeyError)


@dataclass(frozen=True, slots=True)
class Target:
    """What a column is cast to, and the words for an error: its name, the dtype as written, the input, the pointer."""

    type: pa.DataType
    dtype: str
    column: str
    input: str = "df"
    pointer: str = ""


def cast_column(values: pa.ChunkedArray, target: Target) -> pa.ChunkedArray:
    """The column as `target.type`; nulls stay nulls; raises CastFailed with the row (from 1) and the value."""
    if values.type.equals(target.type):
        return values
    convert = _conversion(values.type, target.type)
    try:
        return _chunked(convert(values, target.type))
    except _REFUSALS as error:
        raise _failure(values, target, error) from None


def _chunked(array: pa.Array | pa.ChunkedArray) -> pa.ChunkedArray:
    return array if isinstance(array, pa.ChunkedArray) else pa.chunked_array([array])


Conversion = Callable[[pa.ChunkedArray, pa.DataType], pa.Array | pa.ChunkedArray]


def _conversion(source: pa.DataType, target: pa.DataType) -> Conversion:
    if pa.types.is_dictionary(target):
        return _to_category
    if pa.types.is_dictionary(source):
        return _from_category
    if not (pa.types.is_string(source) or pa.types.is_large_string(source) or pa.types.is_string_view(source)):
        return _plain
    if pa.types.is_timestamp(target):
        return _text_to_timestamp
    if pa.types.is_duration(target):
        return _text_to_duration
    if pa.types.is_time(target):
        return _text_to_time
    return _text_to_bytes if pa.types.is_binary(target) else _plain


def _plain(values: pa.ChunkedArray, type_: pa.DataType) -> pa.ChunkedArray:
    return values.cast(type_)


def _to_category(values: pa.ChunkedArray, _type: pa.DataType) -> pa.ChunkedArray:
    return values if pa.types.is_dictionary(values.type) else values.dictionary_encode()


def _from_category(values: pa.ChunkedArray, type_: pa.DataType) -> pa.Array | pa.ChunkedArray:
    decoded = values.cast(values.type.value_type)
    return decoded if decoded.type.equals(type_) else _conversion(decoded.type, type_)(decoded, type_)


def _text_to_timestamp(values: pa.ChunkedArray, type_: pa.DataType) -> pa.ChunkedArray:
    if type_.tz is None:
        return values.cast(type_)
    try:
        return values.cast(type_)
    except pa.ArrowInvalid:  # no offsets in the text: it is local time of the zone asked for
        return pc.assume_timezone(values.cast(pa.timestamp(type_.unit)), type_.tz)


def _text_to_time(values: pa.ChunkedArray, type_: pa.DataType) -> pa.ChunkedArray:
    # Arrow has no such cast: the time of a day, then the day off
    day = pc.binary_join_element_wise(pa.scalar("1970-01-01T"), values.cast(pa.string()), "")
    return day.cast(pa.timestamp(type_.unit)).cast(type_)


def _text_to_duration(values: pa.ChunkedArray, type_: pa.DataType) -> pa.Array:
    parsed = pd.to_timedelta(pd.Series(values.to_pylist(), dtype="object"))
    exact = np.asarray(parsed.to_numpy(), dtype="m8[ns]")
    return pa.array(exact, from_pandas=True).cast(type_)


def _text_to_bytes(values: pa.ChunkedArray, type_: pa.DataType) -> pa.Array:
    decoded = [None if text is None else base64.b64decode(text, validate=True) for text in values.to_pylist()]
    return pa.array(decoded, type_)


def _failure(values: pa.ChunkedArray, target: Target, error: Exception) -> CastFailed:
    first = refused_values(values, target, 1)
    if not first:
        reason = str(error).splitlines()[0][:200]
        return CastFailed(
            f"column {target.column!r} cannot become {target.dtype}: {reason}", target.pointer, input=target.input
        )
    row = first[0] + 1
    why = refusal_of(values, first[0], target)
    detail = f"column {target.column!r}, row {row}: {why}; correct it or choose another dtype"
    return CastFailed(detail, target.pointer, input=target.input, row=row)


def refused_values(values: pa.ChunkedArray, target: Target, most: int) -> list[int]:
    """The positions of the values that do not become `target.type`, in order, at most so many."""
    convert = _conversion(values.type, target.type)

    def fits(start: int, length: int) -> bool:
        return _fits(values.slice(start, length), target.type, convert)

    return refused(len(values), fits, most)


def refusal_of(values: pa.ChunkedArray, row: int, target: Target) -> str:
    """Why the value at this position does not become `target.type`."""
    shown = repr(values[row].as_py())
    return f"{shown if len(shown) <= 100 else shown[:97] + '...'} is no {target.dtype}"


def _fits(values: pa.ChunkedArray, type_: pa.DataType, convert: Conversion) -> bool:
    try:
        convert(values, type_)
    except (*_REFUSALS, binascii.Error):
        return False
    return True
