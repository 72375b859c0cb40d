"""Bringing columns, and what Arrow's and pandas' kernels return, into the normal form of what they mean."""

from collections.abc import Mapping
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from jobs.expressions.values import TEXT, Logical, Value, logical


def load(series: pd.Series) -> Value:
    """The normal form of a column."""
    dtype = series.dtype
    if isinstance(dtype, np.dtype):
        if dtype.kind in "iuf":
            return series.to_numpy()
        if dtype.kind == "b":
            return Logical(series.to_numpy())
        return _from_objects(series) if dtype.kind == "O" else series
    if isinstance(dtype, pd.StringDtype):
        return series if dtype == TEXT else text_series(pa.array(series.array, from_pandas=True), series.index)
    if isinstance(dtype, pd.ArrowDtype):
        return from_arrow(series.array.__arrow_array__(), series.index, series)
    if isinstance(dtype, pd.BooleanDtype):
        null = series.isna().to_numpy()
        return logical(series.to_numpy(dtype=bool, na_value=False), null, nullable=True)
    if isinstance(dtype, pd.CategoricalDtype) and not dtype.ordered:
        kind = dtype.categories.dtype
        return load(series.astype(_MASKED.get(str(kind), kind) if series.hasnans else kind))
    return series


def from_arrow(array: Any, index: pd.Index, fallback: pd.Series) -> Value:
    """The normal form of an Arrow array; `fallback` where it means nothing that expressions know (lists, structs)."""
    kind = array.type
    if pa.types.is_dictionary(kind):
        decoded = array.cast(kind.value_type)
        return from_arrow(decoded, index, fallback)
    if _is_text(kind):
        return text_series(array, index)
    if pa.types.is_boolean(kind):
        null = _plain(pc.is_null(array))
        return logical(_plain(pc.fill_null(array, False)), null, nullable=True)  # noqa: FBT003  pyarrow's signature
    if pa.types.is_integer(kind):
        return pd.Series(masked(array), index=index)
    return _other_from_arrow(array, index, fallback)


def _other_from_arrow(array: Any, index: pd.Index, fallback: pd.Series) -> Value:
    kind = array.type
    if pa.types.is_floating(kind):
        return _plain(array)
    if pa.types.is_date(kind):
        return from_arrow(array.cast(pa.date32()).cast(pa.timestamp("s")), index, fallback)
    if pa.types.is_timestamp(kind) or pa.types.is_duration(kind):
        moments = array.to_pandas()
        moments.index = index
        return moments
    if pa.types.is_decimal(kind):
        return pd.Series(pd.arrays.ArrowExtensionArray(array), index=index)
    if pa.types.is_null(kind):
        return pd.Series(np.full(len(array), np.nan), index=index).to_numpy()
    return fallback


def text_series(array: Any, index: pd.Index) -> pd.Series:
    """Arrow text of any layout as a `str` Series."""
    if pa.types.is_dictionary(array.type):
        array = array.cast(array.type.value_type)
    if array.type != pa.large_string():
        array = array.cast(pa.large_string())
    return pd.Series(text_array(array), index=index)


def logical_from_arrow(array: Any) -> Logical:
    """An Arrow boolean array as a condition."""
    if not isinstance(array, (pa.Array, pa.ChunkedArray)):
        return Logical(np.bool_(bool(array.as_py())), None if array.is_valid else True)
    if array.null_count == 0:
        return Logical(_plain(array))
    return logical(_plain(pc.fill_null(array, False)), _plain(pc.is_null(array)))  # noqa: FBT003  pyarrow's signature


def _plain(array: Any) -> Any:
    if isinstance(array, pa.ChunkedArray):
        if array.num_chunks != 1:
            return array.to_numpy()
        array = array.chunk(0)
    return array.to_numpy(zero_copy_only=False)


def _is_text(kind: Any) -> bool:
    return bool(pa.types.is_string(kind) or pa.types.is_large_string(kind) or pa.types.is_string_view(kind))


def masked(array: Any) -> Any:
    """Arrow integers as pandas' nullable ones of the same width."""
    dtype: Any = _MASKED[str(array.type)]
    return dtype.__from_arrow__(array)


def text_array(array: Any) -> Any:
    """Arrow `large_string` as pandas' `str`."""
    dtype: Any = TEXT
    return dtype.__from_arrow__(array)


_MASKED: Mapping[str, Any] = {
    "bool": pd.BooleanDtype(),
    "int8": pd.Int8Dtype(),
    "int16": pd.Int16Dtype(),
    "int32": pd.Int32Dtype(),
    "int64": pd.Int64Dtype(),
    "uint8": pd.UInt8Dtype(),
    "uint16": pd.UInt16Dtype(),
    "uint32": pd.UInt32Dtype(),
    "uint64": pd.UInt64Dtype(),
}


def _from_objects(series: pd.Series) -> Value:
    try:
        array = pa.array(series.to_numpy(), from_pandas=True)
    except (pa.ArrowInvalid, pa.ArrowTypeError, pa.ArrowNotImplementedError, OverflowError):
        return series
    return from_arrow(array, series.index, series)
