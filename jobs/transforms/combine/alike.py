"""Frames that go below each other: their columns of one name get one dtype."""

from collections.abc import Hashable
from functools import reduce
from typing import Any

import numpy as np
import pandas as pd

from jobs.codecs.blocks import column_array, labels_of
from jobs.errors import ColumnAmbiguous, DtypeUnsuitable
from jobs.transforms.combine.meaning import canonical, cast, common_dtype
from jobs.transforms.combine.take import unwrapped
from jobs.transforms.nulls import nullable_dtype


def alike(parts: list[pd.DataFrame], *, inner: bool, sort: bool) -> list[pd.DataFrame]:
    """The frames, with each column (`inner`: each that all have) of the dtype that holds its values in all of them.

    Raises DtypeUnsuitable that names the column and its dtypes where there is none, and ColumnAmbiguous where frames
    have two of one name and their columns differ, or are to be looked up (`inner`) or moved (`sort`).
    """
    labels = parts[0].columns
    by_place = labels.is_unique or not (inner or (sort and not labels.is_monotonic_increasing))
    if by_place and all(part.columns.equals(labels) for part in parts):
        for place in range(parts[0].shape[1]):
            parts = _same_dtype(parts, [place] * len(parts))
        return parts
    for part in parts:
        if not part.columns.is_unique:
            raise ColumnAmbiguous(part.columns[part.columns.duplicated()][0], "/frames")
    for name in dict.fromkeys(name for part in parts for name in part.columns):
        if inner and not all(name in part.columns for part in parts):
            continue
        parts = _same_dtype(parts, [labels_of(part).index(name) if name in part.columns else -1 for part in parts])
    return parts


def _same_dtype(parts: list[pd.DataFrame], places: list[int]) -> list[pd.DataFrame]:
    """The parts with one dtype at these places, -1 where a part lacks the column."""
    dtypes = [part.dtypes.iloc[place] for part, place in zip(parts, places, strict=True) if place >= 0]
    if all(dtype == dtypes[0] for dtype in dtypes):
        return parts
    arrays = [
        canonical(unwrapped(column_array(part, place))) if place >= 0 else None
        for part, place in zip(parts, places, strict=True)
    ]
    common = reduce(_common, (array.dtype for array in arrays if array is not None))
    if common is None:
        name = next(str(part.columns[place]) for part, place in zip(parts, places, strict=True) if place >= 0)
        listed = ", ".join(dict.fromkeys(str(dtype) for dtype in dtypes))
        detail = f"concat: no dtype holds all values of column {name!r} ({listed}); make it one dtype with astype first"
        raise DtypeUnsuitable(detail, column=name, dtype=str(dtypes[0]), pointer="/frames")
    return [
        part if array is None else _with(part, place, cast(array, common))
        for part, place, array in zip(parts, places, arrays, strict=True)
    ]


def _common(one: Any, other: Any) -> Any:
    return None if one is None else common_dtype(one, other)


def _with(part: pd.DataFrame, place: int, array: Any) -> pd.DataFrame:
    made = part.copy(deep=False)
    made.isetitem(place, array)
    return made


def whole_numbers_that_some_lack(parts: list[pd.DataFrame]) -> dict[Hashable, Any]:
    """The columns that some part lacks and that are whole numbers or booleans in all others, with their dtype."""
    found: dict[Hashable, Any] = {}
    for name in dict.fromkeys(name for part in parts for name in part.columns):
        having = [part.dtypes[name] for part in parts if name in part.columns]
        if len(having) < len(parts) and all(nullable_dtype(dtype) is not None for dtype in having):
            common = np.result_type(*having)
            if nullable_dtype(common) is not None and len({dtype.kind == "b" for dtype in having}) == 1:
                found[name] = common
    return found
