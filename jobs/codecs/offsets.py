"""Text with 32-bit offsets, as Arrow has it, and with 64-bit ones, as pandas has it: the text itself is shared.

Arrow's casts do the same, but take 18 µs to start.
"""

import numpy as np
import pyarrow as pa

_MOST_32 = 2**31 - 1


def widened(text: pa.ChunkedArray) -> pa.ChunkedArray:
    """A column of text of any layout as `large_string`."""
    if pa.types.is_large_string(text.type):
        return text
    if pa.types.is_string(text.type) and text.num_chunks == 1 and not text.null_count:
        made = _with_offsets(text.chunk(0), np.int32, np.int64)
        if made is not None:
            return pa.chunked_array([made])
    return text.cast(pa.large_string())


def narrowed(text: pa.Array | pa.ChunkedArray) -> pa.Array | pa.ChunkedArray:
    """A column of `large_string` as `string` where it fits."""
    if text.nbytes >= _MOST_32:
        return text
    if not text.null_count and (isinstance(text, pa.Array) or text.num_chunks == 1):
        made = _with_offsets(one_array(text), np.int64, np.int32)
        if made is not None:
            return made
    return text.cast(pa.string())


def one_array(text: pa.Array | pa.ChunkedArray) -> pa.Array:
    """The chunks of a column as one array, which a single chunk is already."""
    if isinstance(text, pa.Array):
        return text
    return text.chunk(0) if text.num_chunks == 1 else text.combine_chunks()


def _with_offsets(text: pa.Array, given: type[np.signedinteger], wanted: type[np.signedinteger]) -> pa.Array | None:
    """An array without nulls with offsets of the other width; None where they would not fit, or none are there."""
    _, offsets, data = text.buffers()
    if offsets is None or data is None or not len(text):
        return None
    ends = np.frombuffer(offsets, given, count=text.offset + len(text) + 1)[text.offset :]
    if ends[-1] > _MOST_32:
        return None
    made = pa.LargeStringArray if wanted is np.int64 else pa.StringArray
    return made.from_buffers(len(text), pa.py_buffer(ends.astype(wanted)), data, None, 0)
