"""Decimals as the floats nearest to them.

Arrow's own cast multiplies by a rounded power of ten: of prices with two places it gives every seventh one unit beside
(0.57 becomes 0.5700000000000001). pandas' goes through a Python object for each value, at five hundred times the cost.
"""

from typing import Any, Final, cast

import numpy as np
import pyarrow as pa

# up to here a float holds every integer, and every power of ten: one division then rounds once, and so correctly
_EXACT_INTEGER: Final = 2**53
_EXACT_DIGITS: Final = 15
_EXACT_SCALE: Final = 22
_ONE_WORD_DIGITS: Final = 18


def nearest_floats(column: pa.Array | pa.ChunkedArray) -> np.ndarray[Any, Any]:
    """A column of decimals as float64, each correctly rounded; null is NaN."""
    if isinstance(column, pa.ChunkedArray):
        parts = [nearest_floats(chunk) for chunk in column.chunks]
        return parts[0] if len(parts) == 1 else np.concatenate([np.empty(0), *parts])
    type_ = column.type
    if type_.precision > _ONE_WORD_DIGITS or not 0 <= type_.scale <= _EXACT_SCALE or not len(column):
        return _by_text(column)
    integers = _integers(column if type_.bit_width == 128 else column.cast(pa.decimal128(type_.precision, type_.scale)))
    if type_.precision > _EXACT_DIGITS and np.abs(integers).max() > _EXACT_INTEGER:
        return _by_text(column)
    floats: np.ndarray[Any, Any] = integers / float(10**type_.scale)
    if column.null_count:
        floats[column.is_null().to_numpy(zero_copy_only=False)] = np.nan
    return floats


def _integers(array: pa.Array) -> np.ndarray[Any, Any]:
    """The values without their point; what stands where there is null means nothing."""
    low_words = np.frombuffer(array.buffers()[1], np.dtype("<i8"))[::2]
    return low_words[array.offset : array.offset + len(array)]


def _by_text(column: pa.Array) -> np.ndarray[Any, Any]:
    return cast("np.ndarray[Any, Any]", column.cast(pa.string()).cast(pa.float64()).to_numpy(zero_copy_only=False))
