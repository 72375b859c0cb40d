"""Lists become rows: `explode`."""

from collections.abc import Sequence
from typing import Any, ClassVar

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from jobs.codecs.frames import to_pandas
from jobs.errors import ArgumentInvalid, DtypeUnsuitable, OutputTooLarge
from jobs.transforms.arguments import Names, name_list, pointer, refusal, require_keys
from jobs.transforms.base import Example, Surroundings, Transform
from jobs.transforms.delegated import reason
from jobs.transforms.follows import Follows
from jobs.transforms.reshape.combinations import Ids
from jobs.transforms.usage import Columns, plus


class Explode(Transform):
    """Make a row of each item of a list; the other columns are repeated.

    An empty list and a null become one row with null. Several columns are walked side by side, and their lists have to
    be equally long in each row. A column that holds no lists stays as it is. Integers and booleans of lists become
    nullable, since a list may be empty.
    """

    op = "explode"
    family = "reshape"
    follows = Follows.WHOLLY
    example: ClassVar[Example] = Example(
        inputs={"df": [{"order": 1, "items": ["pen", "ink"]}, {"order": 2, "items": []}]},
        pipeline=[{"op": "explode", "column": "items"}],
        result=[{"order": 1, "items": "pen"}, {"order": 1, "items": "ink"}, {"order": 2, "items": None}],
    )

    column: Names
    """The column of lists, or several."""
    ignore_index: bool = True
    """As in pandas; the index is a plain range either way."""

    def model_post_init(self, _: Any, /) -> None:
        """Check that each column is named once."""
        names = name_list(self.column)
        for place, name in enumerate(names):
            if name in names[:place]:
                raise refusal(ArgumentInvalid(f"column {name!r} stands in 'column' twice"), f"/column/{place}")

    def apply(self, frame: pd.DataFrame, around: Surroundings) -> pd.DataFrame:
        """A row per item."""
        names = require_keys(frame, "column", self.column)
        lists = {name: lists_of(frame[name]) for name in names}
        lengths = self._lengths(frame, lists)
        if lengths is None:
            return frame.copy(deep=False)
        counts = np.maximum(lengths, 1)
        total = int(counts.sum())
        if total > around.max_rows:
            raise OutputTooLarge("rows", total, around.max_rows, "limits.rows", "/column")
        row = np.repeat(np.arange(len(frame)), counts)
        result = frame.take(row).reset_index(drop=True)
        item = np.arange(total) - np.repeat(np.cumsum(counts) - counts, counts)
        for name, array in lists.items():
            if array is not None:
                exploded = _items(array, row, item)
                result.isetitem(list(frame.columns).index(name), exploded)
        return result

    def _lengths(self, frame: pd.DataFrame, lists: dict[str, pa.Array | None]) -> Ids | None:
        """How many items each row has; None where no column holds lists."""
        found: tuple[str, Ids] | None = None
        given = dict(lists) if any(array is not None for array in lists.values()) else {}
        for place, (name, array) in enumerate(given.items()):
            ones = np.ones(len(frame), np.int64)
            lengths = ones if array is None else np.maximum(lengths_of(array), 1)
            if found is not None and (lengths != found[1]).any():
                row = int((lengths != found[1]).argmax())
                raise _unequal(frame, (found[0], name), row, pointer("column", place))
            found = found or (name, lengths)
        return None if found is None else found[1]

    def needs(self, wanted: Columns) -> Columns:
        """The lists too."""
        return plus(wanted, name_list(self.column))

    def rows_after(self, given: int, others: Sequence[int]) -> None:
        """How long the lists are, the data alone tells."""


def lists_of(column: pd.Series) -> pa.Array | None:
    """A column of lists as one Arrow array; None for any other column.

    Lists may also be Python's own, in a column of objects; raises DtypeUnsuitable where other things are among them.
    """
    if column.dtype == np.dtype(object):
        return _of_objects(column)
    if not isinstance(column.dtype, pd.ArrowDtype) or not is_list(column.dtype.pyarrow_dtype):
        return None
    array = pa.array(column, from_pandas=True)
    whole = array.combine_chunks() if isinstance(array, pa.ChunkedArray) else array
    return pa.concat_arrays(whole.chunks) if isinstance(whole, pa.ChunkedArray) else whole


def _of_objects(column: pd.Series) -> pa.Array | None:
    if not any(isinstance(value, (list, tuple, np.ndarray)) for value in column):
        return None
    try:
        return pa.array([None if pd.api.types.is_scalar(value) and pd.isna(value) else value for value in column])
    except (pa.ArrowException, TypeError, ValueError, OverflowError) as error:
        name = str(column.name)
        detail = f"column {name!r} (object) does not hold lists of one kind: {reason(error)}"
        raise DtypeUnsuitable(detail, column=name, dtype="object", pointer="/column") from error


def is_list(type_: pa.DataType) -> bool:
    """Whether values of this type are lists, of whatever kind."""
    kinds = (pa.types.is_list, pa.types.is_large_list, pa.types.is_fixed_size_list, pa.types.is_list_view)
    return any(kind(type_) for kind in kinds) or bool(pa.types.is_large_list_view(type_))


def lengths_of(lists: pa.Array) -> Ids:
    """How many items each list has; 0 for null."""
    lengths: Ids = pc.list_value_length(lists).fill_null(0).to_numpy(zero_copy_only=False).astype(np.int64)
    return lengths


def items_of(lists: pa.Array) -> pa.Array:
    """All items of all lists, one after another; those of null lists are none."""
    return lists.flatten()


def _items(lists: pa.Array, row: Ids, item: Ids) -> Any:
    """The items as a column: in a row without items, null."""
    lengths = lengths_of(lists)
    place = (np.cumsum(lengths) - lengths)[row] + item
    there = lengths[row] > 0
    items = items_of(lists).take(pa.array(place, pa.int64(), mask=~there))
    return column_of_items(items)


def column_of_items(items: pa.Array) -> Any:
    """A column of what lists and objects hold: integers and booleans nullable, whether there are nulls or not."""
    table = pa.Table.from_arrays([items], schema=pa.schema([pa.field("", items.type, nullable=True)]))
    return to_pandas(table, as_declared=True).iloc[:, 0].array


def _unequal(frame: pd.DataFrame, names: tuple[str, str], row: int, at: str) -> DtypeUnsuitable:
    name, other = names[1], names[0]
    error = DtypeUnsuitable(
        f"columns {other!r} and {name!r} have lists of different lengths in row {row + 1}; explode them one by one",
        column=name,
        dtype=str(frame[name].dtype),
        pointer=at,
    )
    error.rows = (row,)
    return error
