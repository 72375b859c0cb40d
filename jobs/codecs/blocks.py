"""Arrays to frames and back, as they are: no checks of what they might be, no guesses, no copies.

On 100 rows `pd.DataFrame(...)` and `frame[name].array` cost more than all arithmetic on them.
"""

from collections.abc import Iterator, Sequence
from functools import lru_cache
from typing import Any, Final, cast

import numpy as np
import pandas as pd
import pyarrow as pa
from pandas.api.internals import create_dataframe_from_blocks  # type: ignore[import-not-found]  # the stubs lack it

_STR: Final = pd.StringDtype(na_value=np.nan)
_STRINGS: Any = pd.arrays.ArrowStringArray  # the stubs do not know its dtype
# only names of ordinary tables are remembered, so that what is remembered stays small
_FEW: Final = 64
_SHORT: Final = 4_096


def frame_of(names: Sequence[str], columns: Sequence[Any], rows: int) -> pd.DataFrame:
    """A frame of these arrays of `rows` values, NumPy's or pandas' own, with a range index; names may repeat.

    The arrays become the frame's columns as they are: neither copied nor looked at for a better dtype.
    """
    return _framed(_labels(names), columns, rows)


def frame_like(frame: pd.DataFrame, columns: Sequence[Any], rows: int) -> pd.DataFrame:
    """As `frame_of`, under the labels of `frame`."""
    return _framed(frame.columns.view(), columns, rows)


def _framed(labels: pd.Index, columns: Sequence[Any], rows: int) -> pd.DataFrame:
    places = np.arange(len(columns))
    blocks = [
        (column.reshape(1, -1) if isinstance(column, np.ndarray) else column, places[place : place + 1])
        for place, column in enumerate(columns)
    ]
    index = pd.RangeIndex.from_range(range(rows))
    made: pd.DataFrame = create_dataframe_from_blocks(blocks, index=index, columns=labels)
    return made


def column_array(frame: pd.DataFrame, position: int) -> Any:
    """The values of one column, as the frame holds them; only to be read."""
    # `frame.iloc[:, position].array` costs 20–45 µs, this one 1 µs
    return cast(Any, frame)._get_column_array(position)  # noqa: SLF001  # see above


def column_arrays(frame: pd.DataFrame) -> Iterator[Any]:
    """The values of each column, as `column_array` gives them."""
    return (column_array(frame, position) for position in range(frame.shape[1]))


def labels_of(frame: pd.DataFrame) -> list[Any]:
    """The labels of a frame's columns; mostly text, but in the frames of users' own transforms anything."""
    labels = frame.columns
    # one by one, an index of text gives them away in 1 µs each
    return pa.array(labels.array).to_pylist() if labels.dtype == _STR and not labels.hasnans else list(labels)


def _labels(names: Sequence[str]) -> pd.Index:
    if len(names) <= _FEW and sum(map(len, names)) <= _SHORT:
        # each frame has an index of its own, which may be given a name; what it looks names up in is shared
        return _known_labels(tuple(names)).view()
    return _new_labels(names)


@lru_cache(maxsize=256)
def _known_labels(names: tuple[str, ...]) -> pd.Index:
    labels = _new_labels(names)
    _ = labels.is_unique  # makes the hash table, here and not in several threads at once
    return labels


def _new_labels(names: Sequence[str]) -> pd.Index:
    labels: pd.Index = pd.Index(_STRINGS(pa.array(names, pa.large_string()), dtype=_STR))
    return labels
