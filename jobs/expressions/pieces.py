"""Lists of texts, as `.str.split` makes them, and taking items out of them."""

from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from jobs.expressions.normal import from_arrow, masked
from jobs.expressions.values import Value


def split(text: Any, pat: str | None, n: int, index: pd.Index, *, reverse: bool) -> pd.Series:
    """The pieces of each text between `pat` (a plain text; white space where None), at most `n` cuts where n > 0."""
    most = n if n > 0 else None
    if pat is None:
        pieces = pc.utf8_split_whitespace(pc.utf8_trim_whitespace(text), max_splits=most, reverse=reverse)
    else:
        pieces = pc.split_pattern(text, pat, max_splits=most, reverse=reverse)
    return pd.Series(pd.arrays.ArrowExtensionArray(_chunked(pieces)), index=index)


def item(target: pd.Series, i: int) -> Value:
    """Item `i` of each list, null where the list is shorter or null; negative positions count from the end."""
    lists = _one_array(target)
    offsets = lists.offsets.to_numpy(zero_copy_only=False).astype("int64")
    lengths = np.diff(offsets)
    inside = (lengths > i) if i >= 0 else (lengths >= -i)
    inside &= ~pc.is_null(lists).to_numpy(zero_copy_only=False)
    base = offsets[:-1] if i >= 0 else offsets[1:]
    where = pa.array(np.where(inside, base + i, 0), mask=~inside)
    return from_arrow(lists.values.take(where), target.index, target)


def lengths(target: pd.Series) -> Value:
    """How many items each list has."""
    counts = pc.list_value_length(_one_array(target)).cast(pa.int64())
    if counts.null_count == 0:
        return counts.to_numpy(zero_copy_only=False)
    return pd.Series(masked(counts), index=target.index)


def whole(counts: pd.Series, index: pd.Index) -> Value:
    """Counts that pandas may have given as floats because of nulls, as integers, nullable where there are some."""
    if counts.dtype.kind != "f":
        return counts.to_numpy()
    null = counts.isna().to_numpy()
    data = np.where(null, 0, counts.to_numpy()).astype("int64")
    return pd.Series(pd.arrays.IntegerArray(data, null), index=index) if null.any() else data


def _one_array(target: pd.Series) -> Any:
    array = target.array.__arrow_array__()
    one = array.combine_chunks() if isinstance(array, pa.ChunkedArray) else array
    if isinstance(one, pa.ChunkedArray):
        one = pa.concat_arrays(one.chunks) if one.num_chunks else pa.array([], one.type)
    return one.cast(pa.large_list(one.type.value_type))


def _chunked(array: Any) -> Any:
    return array if isinstance(array, pa.ChunkedArray) else pa.chunked_array([array])
