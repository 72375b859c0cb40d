"""Whether a float column holds NaN or Infinity: one pass without a copy where it holds neither."""

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
