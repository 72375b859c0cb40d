"""Rows and columns of a frame taken array by array: what the commonest steps are made of.

On a hundred rows pandas spends ten times as long on indexers and axes as on the values. Columns that stay are shared
with the frame they come from, which nobody changes in place: a user's own transform gets a frame that copies on write.
"""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa

from jobs.codecs.blocks import column_array, column_arrays, frame_like, frame_of, labels_of

_TEXT: Any = pd.arrays.ArrowStringArray  # the stubs do not know its dtype


def rows_at(frame: pd.DataFrame, places: Any) -> pd.DataFrame:
    """The rows at these places, an array of integers none of which is negative, in their order."""
    return frame_like(frame, [_taken(values, places) for values in column_arrays(frame)], len(places))


def rows_where(frame: pd.DataFrame, mask: Any) -> pd.DataFrame:
    """The rows for which `mask`, a boolean array, is true."""
    return rows_at(frame, np.flatnonzero(mask))


def rows_between(frame: pd.DataFrame, start: int | None, stop: int | None) -> pd.DataFrame:
    """The rows from `start` to before `stop`, as Python slices."""
    part = slice(start, stop)
    return frame_like(frame, [values[part] for values in column_arrays(frame)], len(range(len(frame))[part]))


def columns_at(frame: pd.DataFrame, places: Iterable[int], labels: Sequence[str] | None = None) -> pd.DataFrame:
    """The columns at these places, under new labels or their own."""
    places = list(places)
    if labels is None:
        known = labels_of(frame)
        labels = [known[place] for place in places]
    return frame_of(labels, [column_array(frame, place) for place in places], len(frame))


def places_of(frame: pd.DataFrame, names: Iterable[str]) -> list[int]:
    """Where these columns stand, all of those of a name that several have, in the order of the names."""
    places: list[int] = []
    for name in names:
        found: Any = frame.columns.get_loc(name)
        places += [found] if isinstance(found, int) else np.arange(frame.shape[1])[found].tolist()
    return places


def with_columns(frame: pd.DataFrame, new: Mapping[str, Any]) -> pd.DataFrame:
    """The frame with these arrays as columns: in the places of columns of their names, else behind all others."""
    labels, arrays = labels_of(frame), list(column_arrays(frame))
    left = dict(new)
    for place, label in enumerate(labels):
        if label in new:
            arrays[place] = new[label]
            left.pop(label, None)
    return frame_of([*labels, *left], [*arrays, *left.values()], len(frame))


def nulls_of(values: Any) -> Any:
    """Where an array is null, a boolean array; None for one that cannot hold nulls."""
    if not isinstance(values, np.ndarray):
        return np.asarray(values.isna())
    if values.dtype.kind == "f":
        return np.isnan(values)
    return np.asarray(pd.isna(values)) if values.dtype.kind == "O" else None


def values_of(column: pd.Series) -> Any:
    """The array of a column as frames hold it: NumPy's where it is one of NumPy's numbers."""
    return column.to_numpy() if isinstance(column.dtype, np.dtype) and column.dtype.kind not in "mM" else column.array


def _taken(values: Any, places: Any) -> Any:
    if type(values) is _TEXT:
        # what `values.take` comes to, without the looks at its arguments
        return _TEXT(pa.array(values).take(pa.array(places)), dtype=values.dtype)
    return values.take(places)
