"""Columns become rows: `melt` and `stack`."""

from collections.abc import Sequence
from typing import Any, ClassVar, Final

import numpy as np
import pandas as pd

from jobs.codecs.blocks import frame_of
from jobs.errors import ColumnTaken, OutputTooLarge
from jobs.transforms.arguments import Names, name_list, require, require_keys
from jobs.transforms.base import Example, Surroundings, Transform
from jobs.transforms.follows import Follows
from jobs.transforms.reshape.axis import take
from jobs.transforms.reshape.combinations import Ids
from jobs.transforms.reshape.common import one_column
from jobs.transforms.reshape.grid import values_of
from jobs.transforms.usage import ALL, Columns

_MARKS: Final[list[dict[str, Any]]] = [{"name": "Ada", "math": 1, "art": 2}, {"name": "Bob", "math": 3, "art": 1}]
_TEXT: Final = pd.StringDtype(na_value=np.nan)


class Melt(Transform):
    """Turn columns into rows: a row for each row and column, with the column's name and its value.

    The values get the one dtype that holds all of them, as pandas gives it (int64 and float64 become float64); where
    there is none, as for numbers and text, the step is refused: `astype` makes them alike.
    """

    op = "melt"
    family = "reshape"
    follows = Follows.WHOLLY
    example: ClassVar[Example] = Example(
        inputs={"df": _MARKS},
        pipeline=[{"op": "melt", "id_vars": "name", "var_name": "subject", "value_name": "mark"}],
        result=[
            {"name": "Ada", "subject": "math", "mark": 1},
            {"name": "Bob", "subject": "math", "mark": 3},
            {"name": "Ada", "subject": "art", "mark": 2},
            {"name": "Bob", "subject": "art", "mark": 1},
        ],
    )

    id_vars: Names | None = None
    """The columns that stay, repeated for each column that is melted."""
    value_vars: Names | None = None
    """The columns to melt; without it, all others."""
    var_name: str = "variable"
    """The name of the column with the names."""
    value_name: str = "value"
    """The name of the column with the values."""
    ignore_index: bool = True
    """As in pandas; the index is a plain range either way."""

    def apply(self, frame: pd.DataFrame, around: Surroundings) -> pd.DataFrame:
        """The long frame: all rows of the first column, then of the next."""
        ids = require_keys(frame, "id_vars", self.id_vars)
        listed = require(frame, "value_vars", self.value_vars)
        labels = [str(name) for name in frame.columns]
        melted = [place for place, name in enumerate(labels) if name not in ids]
        if self.value_vars is not None:
            order = {name: rank for rank, name in reversed(list(enumerate(listed)))}
            melted = sorted((place for place in melted if labels[place] in order), key=lambda at: order[labels[at]])
        self._check_names(ids)
        check_rows(len(frame), len(melted), around, "/value_vars" if self.value_vars is not None else "")
        value = one_column([frame.iloc[:, place] for place in melted], "/value_vars")
        kept = np.tile(np.arange(len(frame)), len(melted))
        columns = [take(values_of(frame[name]), kept) for name in ids]
        variable = _repeated(labels, np.repeat(melted, len(frame)))
        return frame_of([*ids, self.var_name, self.value_name], [*columns, variable, value], len(kept))

    def _check_names(self, ids: Sequence[str]) -> None:
        for place, name in enumerate(ids):
            if name in ids[:place]:
                raise ColumnTaken(name, f"/id_vars/{place}")
        if self.var_name in ids:
            raise ColumnTaken(self.var_name, "/var_name")
        if self.value_name in (*ids, self.var_name):
            raise ColumnTaken(self.value_name, "/value_name")

    def rows_after(self, given: int, others: Sequence[int]) -> int | None:  # noqa: ARG002  # there are none
        """One for each row and column that is melted."""
        if self.value_vars is None:
            return None  # all other columns, however many there are
        return given * len(set(name_list(self.value_vars)) - set(name_list(self.id_vars)))

    def needs(self, wanted: Columns) -> Columns:  # noqa: ARG002  # how many rows there are, all of these decide
        """The columns that stay, and those that are melted."""
        if self.value_vars is None:
            return ALL
        return frozenset([*name_list(self.id_vars), *name_list(self.value_vars)])


class Stack(Transform):
    """Take columns `on` for the index, and all others from columns to rows, as `melt` does, row by row.

    The result has the index, the name in `column` and the value in `stack`; without `on`, the row number in `index`.
    Nulls stay. The values get the one dtype that holds all of them, see `melt`.
    """

    op = "stack"
    family = "reshape"
    follows = Follows.WHOLLY
    example: ClassVar[Example] = Example(
        inputs={"df": _MARKS},
        pipeline=[{"op": "stack", "on": "name"}],
        result=[
            {"name": "Ada", "column": "math", "stack": 1},
            {"name": "Ada", "column": "art", "stack": 2},
            {"name": "Bob", "column": "math", "stack": 3},
            {"name": "Bob", "column": "art", "stack": 1},
        ],
    )

    on: Names | None = None
    """The columns that act as the index; without it, the row numbers."""

    def apply(self, frame: pd.DataFrame, around: Surroundings) -> pd.DataFrame:
        """The long frame: all columns of the first row, then of the next."""
        return stacked(frame, require_keys(frame, "on", self.on), self.op, around, by_column=False)

    def rows_after(self, given: int, others: Sequence[int]) -> int | None:  # noqa: ARG002  # there are none
        """As many for each row as there are columns, which nobody tells here: known of no rows alone."""
        return None if given else 0


def stacked(
    frame: pd.DataFrame, on: Sequence[str], name: str, around: Surroundings, *, by_column: bool
) -> pd.DataFrame:
    """The columns that are not in `on` as rows: the index, `column`, and the values under `name`.

    `by_column`: all rows of the first column come first, and so does `column`. Without `on`, the index is the row
    number. Raises ColumnTaken, and OutputTooLarge before there are too many rows.
    """
    labels = [str(label) for label in frame.columns]
    places = [place for place, label in enumerate(labels) if label not in on]
    for place, label in enumerate(on):
        if label in ("column", name, *on[:place]):
            raise ColumnTaken(label, "/on")
    rows = len(frame)
    check_rows(rows, len(places), around, "")
    order = np.arange(rows * len(places))
    order = order if by_column else order.reshape(len(places), rows).T.ravel()
    row = order % max(rows, 1)
    value = one_column([frame.iloc[:, place] for place in places], "")
    column = _repeated(labels, np.asarray(places, np.intp)[order // max(rows, 1)])
    index = {label: take(values_of(frame[label]), row) for label in on} or {"index": row}
    first = {"column": column} | index if by_column else index | {"column": column}
    return frame_of([*first, name], [*first.values(), take(value, order)], len(order))


def check_rows(rows: int, columns: int, around: Surroundings, at: str) -> None:
    """Raise OutputTooLarge where so many columns of so many rows would be too many rows."""
    if rows * columns > around.max_rows:
        raise OutputTooLarge("rows", rows * columns, around.max_rows, "limits.rows", at)


def _repeated(labels: Sequence[str], places: Ids | Sequence[int]) -> Any:
    """The labels at these places, as a column of text."""
    texts = pd.array(list(labels), dtype=_TEXT)
    return texts.take(np.asarray(places, np.intp))
