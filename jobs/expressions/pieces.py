"""Lists of texts, as `.str.split` makes them, and taking items out of them."""

from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from jobs.expressions import growth
from jobs.expressions.normal import from_arrow, masked, text_series
from jobs.expressions.values import Clash, Value


def split(text: Any, pat: str | None, n: int, index: pd.Index, *, reverse: bool, regex: bool = False) -> pd.Series:
    """The pieces of each text between `pat` (white space where None), at most `n` cuts where n > 0.

    `pat` is a plain text, or a pattern where `regex`; a pattern is not looked for in `reverse`.
    """
    most = n if n > 0 else None
    if pat is None:
        trimmed = pc.utf8_trim_whitespace(text)
        pieces = pc.utf8_split_whitespace(trimmed, max_splits=most, reverse=reverse)
        # of a text without words Arrow makes one empty piece
        pieces = pc.if_else(pc.equal(pc.binary_length(trimmed), 0), pa.scalar([], pieces.type), pieces)
    elif regex:
        pieces = pc.split_pattern_regex(text, pat, max_splits=most)
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


def join(target: pd.Series, sep: str) -> Value:
    """The texts of each list with `sep` between them; null where the list, or one of its texts, is null."""
    lists = _one_array(target)
    kind = lists.type.value_type
    if not (pa.types.is_string(kind) or pa.types.is_large_string(kind)):
        raise Clash(f"join wants lists of texts, not of {kind}")
    growth.check(growth.size(lists.values) + len(lists.values) * len(sep.encode()), 0)
    joined = pc.binary_join(lists.cast(pa.large_list(pa.large_string())), pa.scalar(sep, pa.large_string()))
    return text_series(joined, target.index)


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
