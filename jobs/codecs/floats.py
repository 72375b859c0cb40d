"""Whether a float column holds NaN or Infinity: one pass without a copy where it holds neither."""

from collections.abc import Iterator

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc


def all_finite(column: pa.ChunkedArray) -> bool:
    """Whether a column holds neither NaN nor Infinity; true of every column that is not of floats."""
    return not pa.types.is_floating(column.type) or all(map(_is_finite, column.chunks))


def has_nan(column: pa.ChunkedArray) -> bool:
    """Whether NaN is among the values; false for every column that is not of floats."""
    return not all_finite(column) and bool(pc.any(pc.is_nan(column)).as_py())


def has_infinity(column: pa.ChunkedArray) -> bool:
    """Whether Infinity of either sign is among the values; false for every column that is not of floats."""
    return not all_finite(column) and bool(pc.any(pc.is_inf(column)).as_py())


def nested_extremes(column: pa.ChunkedArray) -> tuple[bool, bool]:
    """Whether NaN, and whether Infinity, is among the floats inside nested values; false for all other columns."""
    if not pa.types.is_nested(column.type) or not _holds_floats(column.type):
        return False, False
    leaves = [leaf for chunk in column.chunks for leaf in _leaves(chunk) if not _is_finite(leaf)]
    return any(_any(pc.is_nan(leaf)) for leaf in leaves), any(_any(pc.is_inf(leaf)) for leaf in leaves)


def _any(which: pa.Array) -> bool:
    return pc.any(which).as_py() is True


def _holds_floats(type_: pa.DataType) -> bool:
    if pa.types.is_dictionary(type_):
        return _holds_floats(type_.value_type)
    return pa.types.is_floating(type_) or any(
        _holds_floats(type_.field(place).type) for place in range(type_.num_fields)
    )


def _leaves(array: pa.Array) -> Iterator[pa.Array]:
    type_ = array.type
    if pa.types.is_floating(type_):
        yield array.drop_null()
    elif pa.types.is_dictionary(type_):
        yield from _leaves(array.dictionary)
    elif pa.types.is_struct(type_):
        for place in range(type_.num_fields):
            yield from _leaves(pc.struct_field(array, place))
    elif pa.types.is_nested(type_) and _holds_floats(type_):
        yield from _leaves(pc.list_flatten(array))


# of so few values, looking at each costs less than keeping NumPy from warning of a sum
_FEW = 16_384


def _is_finite(chunk: pa.Array) -> bool:
    if not chunk.null_count:
        if len(chunk) <= _FEW:
            return bool(np.isfinite(chunk.to_numpy()).all())
        # NaN and Infinity survive a sum; kernels cost more than this on small chunks and twice as much on large ones
        with np.errstate(all="ignore"):
            if np.isfinite(chunk.to_numpy().sum()):
                return True
    return pc.all(pc.is_finite(chunk), min_count=0).as_py() is not False
