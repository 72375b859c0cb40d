"""The grouping of a frame's rows: pandas' own, and a cheaper way to the same groups where the rows are few."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final, Self, cast

import numpy as np
import pandas as pd
import pyarrow as pa
from pandas.core.groupby.ops import WrappedCythonOp  # type: ignore[attr-defined]  # the stubs leave it out

from jobs.codecs.blocks import column_array
from jobs.codecs.offsets import one_array

# below this, finding the groups of a text column costs less than pandas' way to it (350 µs, whatever the rows)
_FEW_ROWS: Final = 4_096
_TEXT: Any = pd.arrays.ArrowStringArray  # the stubs do not know its dtype


@dataclass
class Grouping:
    """Which group each row is in (`ids`, -1 for none), how many groups there are, and their keys, an array per key."""

    ids: np.ndarray[Any, Any]
    count: int
    keys: list[Any]
    made_grouper: Any = None

    @classmethod
    def of(cls, frame: pd.DataFrame, by: Sequence[str], *, sort: bool, dropna: bool, observed: bool) -> Self:
        """The grouping by these columns, as `DataFrame.groupby` makes it with the same arguments."""
        text = _few_texts(frame, by)
        if text is not None:
            ids, keys = _of_texts(*text, sort=sort)
            return cls(ids, len(keys), [keys])
        # one name is grouped by as such: a list of one costs half as much again
        key: Any = by[0] if len(by) == 1 else list(by)
        grouper = _grouper(frame.groupby(key, sort=sort, dropna=dropna, observed=observed))
        index = grouper.result_index
        keys = [column_of(index.get_level_values(level)) for level in range(len(by))]
        return cls(grouper.ids, len(index), keys, grouper)

    @property
    def leaves_out(self) -> bool:
        """Whether some row is in no group, as its key is null."""
        return bool((self.ids < 0).any())

    def sizes(self) -> np.ndarray[Any, Any]:
        """The rows of each group."""
        return np.bincount(self.ids[self.ids >= 0], minlength=self.count)

    def aggregated(self, values: np.ndarray[Any, Any], function: str, min_count: int) -> Any:
        """A compiled kernel's answer over a NumPy column of numbers, one value per group.

        Of rows in the order of their groups pandas adds up in another way, so there its own choice is asked for.
        """
        if self.made_grouper is not None or bool((self.ids[1:] >= self.ids[:-1]).all()):
            return self.grouper._cython_operation(values, function, 0, min_count)  # noqa: SLF001  # as `_grouper`
        # what that would call, without the 200 µs until a grouping has counted its groups
        kernel = WrappedCythonOp(how=function, has_dropped_na=False)
        return kernel.cython_operation(
            values=values, axis=0, min_count=min_count, comp_ids=self.ids, ngroups=self.count
        )

    @property
    def grouper(self) -> Any:
        """pandas' own grouping, for `Series.groupby`; made once, where it is asked for."""
        if self.made_grouper is None:
            self.made_grouper = _grouper(pd.Series(self.ids, copy=False).groupby(self.ids))
        return self.made_grouper


def column_of(values: pd.Series | pd.Index) -> Any:
    """The values as `frame_of` takes them."""
    return values.to_numpy() if isinstance(values.dtype, np.dtype) else values.array


def _grouper(grouped: Any) -> Any:
    return grouped._grouper  # noqa: SLF001  # the grouping itself has no public name in pandas 3


def _few_texts(frame: pd.DataFrame, by: Sequence[str]) -> tuple[pa.Array, Any] | None:
    """The one key and its dtype, where it is a short column of text without nulls; else None."""
    if len(by) != 1 or not 0 < len(frame) <= _FEW_ROWS:
        return None
    array = column_array(frame, cast(int, frame.columns.get_loc(by[0])))
    if type(array) is not _TEXT:
        return None
    text = pa.array(array)
    return None if text.null_count else (text, array.dtype)


def _of_texts(text: pa.Array | pa.ChunkedArray, dtype: Any, *, sort: bool) -> tuple[np.ndarray[Any, Any], Any]:
    """The group of each row, and the keys: sorted as pandas does, by code point, or by first appearance."""
    whole = one_array(text)
    encoded = whole.dictionary_encode()
    keys = encoded.dictionary.to_pylist()
    ids = encoded.indices.to_numpy().astype(np.intp)
    if sort:
        order = sorted(range(len(keys)), key=keys.__getitem__)
        rank = np.empty(len(keys), np.intp)
        rank[order] = np.arange(len(keys))
        ids, keys = rank[ids], [keys[place] for place in order]
    return ids, _TEXT(pa.array(keys, pa.large_string()), dtype=dtype)
