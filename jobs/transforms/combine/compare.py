"""Where two frames differ: `compare`."""

from collections.abc import Sequence
from typing import Annotated, Any, ClassVar

import numpy as np
import pandas as pd
from pydantic import AfterValidator

from jobs.codecs.blocks import frame_of, labels_of
from jobs.errors import ArgumentInvalid, ColumnTaken, ColumnUnknown, OutputTooLarge
from jobs.transforms.arguments import Names, refusal
from jobs.transforms.base import Example, Surroundings, Transform
from jobs.transforms.combine.keys import one_array
from jobs.transforms.combine.paired import Index, broken, differ, index_of, value_names
from jobs.transforms.combine.take import Positions, taken
from jobs.transforms.follows import Follows


def _two_names(names: tuple[str, str]) -> tuple[str, str]:
    if names[0] == names[1]:
        raise refusal(ArgumentInvalid("the two names are the same"))
    return names


class Compare(Transform):
    """Show where the frame differs from a named one, as `DataFrame.compare` does.

    Both have the same columns in the same order, and the same rows: by position, or by the columns `on`. The result has
    `on`, or the number of the row as `index` (from 0), then two columns for each that differs, `price_self` and
    `price_other`; cells that do not differ are null. Nulls are equal to each other.
    """

    op = "compare"
    family = "combine"
    follows = Follows.DATA
    example: ClassVar[Example] = Example(
        inputs={
            "new": [{"id": 7, "price": 3, "name": "x"}, {"id": 8, "price": 4, "name": "y"}],
            "old": [{"id": 7, "price": 3, "name": "x"}, {"id": 8, "price": 5, "name": "y"}],
        },
        pipeline=[{"op": "compare", "from": "new", "other": "old", "on": "id"}],
        result=[{"id": 8, "price_self": 4, "price_other": 5}],
    )

    other: str
    """The name of the other frame: an input or a saved one."""
    on: Names | None = None
    """The columns that act as the index; without it rows are compared by position."""
    keep_shape: bool = False
    """Keep all rows and columns, not only those that differ."""
    keep_equal: bool = False
    """Show equal values as well, in place of nulls."""
    result_names: Annotated[tuple[str, str], AfterValidator(_two_names)] = ("self", "other")
    """What is added to the names of columns, after a `_`."""

    def columns_follow(self) -> Follows:
        """Which columns differ, the data says; all of them are known before."""
        return Follows.WHOLLY if self.keep_shape else Follows.DATA

    def uses(self) -> tuple[tuple[str, str], ...]:
        """The other frame."""
        return (("/other", self.other),)

    def apply(self, frame: pd.DataFrame, around: Surroundings) -> pd.DataFrame:
        """The differences."""
        other = around.frames[self.other]
        _check_columns(frame, other)
        index = index_of(frame, other, self.on, unique=())
        _check_rows(index, len(frame), len(other))
        names = value_names(frame, self.on)
        width = 2 * len(names) + max(1, len(index.pairs))
        if width > around.max_columns:
            raise OutputTooLarge("columns", width, around.max_columns, "limits.columns", "/other")
        masks = {name: differ(name, frame, other) for name in names}
        if not self.keep_shape:
            masks = {name: mask for name, mask in masks.items() if mask.any()}
        rows = self._rows(masks, len(frame))
        data: dict[str, Any] = {pair.left_name: taken(pair.left, rows, missing=False) for pair in index.pairs}
        if not index.pairs:
            data["index"] = rows
        for name, mask in masks.items():
            shown = rows if self.keep_equal else np.where(mask[rows], rows, -1)
            for side, given in zip(self.result_names, (frame, other), strict=True):
                label = f"{name}_{side}"
                if label in data:
                    raise ColumnTaken(label, "/result_names")
                data[label] = taken(one_array(given, name), shown, missing=bool((shown < 0).any()))
        return frame_of(list(data), list(data.values()), len(rows))

    def _rows(self, masks: dict[str, np.ndarray[Any, Any]], count: int) -> Positions:
        if self.keep_shape:
            return np.arange(count)
        found: Positions = np.flatnonzero(np.any(list(masks.values()), axis=0)) if masks else np.arange(0)
        return found

    def rows_after(self, given: int, others: Sequence[int]) -> int:  # noqa: ARG002  # both have as many
        """All of them, where all differ."""
        return given


def _check_columns(frame: pd.DataFrame, other: pd.DataFrame) -> None:
    ours, theirs = labels_of(frame), labels_of(other)
    for names, others in ((ours, theirs), (theirs, ours)):
        for name in names:
            if name not in others:
                raise ColumnUnknown(name, others, "/other")
    if ours != theirs:
        raise ArgumentInvalid("the two frames have their columns in another order; select them alike first", "/other")


def _check_rows(index: Index, ours: int, theirs: int) -> None:
    if index.same:
        return
    if ours != theirs:
        detail = f"the frame has {ours:,} rows and the other one {theirs:,}; compare needs the same"
        raise broken(ValueError(detail), "/other")
    row = int(np.flatnonzero(index.ours != index.theirs)[0])
    names = ", ".join(repr(pair.left_name) for pair in index.pairs)
    detail = f"row {row + 1:,} has another {names} in the other frame; sort both with sort_values by {names} first"
    raise broken(ValueError(detail), "/on", index.pairs[0].left_name, [row])
