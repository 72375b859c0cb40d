"""Which columns there are, and what they are called."""

from collections.abc import Sequence
from typing import ClassVar, Literal

import pandas as pd

from jobs.codecs.blocks import labels_of
from jobs.errors import StepFailed
from jobs.transforms.arguments import (
    Names,
    name_list,
    pointer,
    require,
    require_all,
)
from jobs.transforms.base import Example, Surroundings, Transform
from jobs.transforms.direct import columns_at, places_of
from jobs.transforms.follows import Follows
from jobs.transforms.usage import ALL, Columns, plus

OnMissing = Literal["raise", "ignore"]


class Select(Transform):
    """Keep these columns, in this order: `df[["a", "b"]]`."""

    op = "select"
    family = "columns"
    follows = Follows.WHOLLY
    keeps = True
    example: ClassVar[Example] = Example(
        inputs={"df": [{"a": 1, "b": 2, "c": 3}]},
        pipeline=[{"op": "select", "columns": ["c", "a"]}],
        result=[{"c": 3, "a": 1}],
    )

    columns: Names
    """The columns to keep."""

    def apply(self, frame: pd.DataFrame, _: Surroundings) -> pd.DataFrame:
        """The frame with these columns only."""
        return columns_at(frame, places_of(frame, require(frame, "columns", self.columns)))

    def rows_after(self, given: int, others: Sequence[int]) -> int:  # noqa: ARG002  # there are none
        """The same."""
        return given

    def needs(self, wanted: Columns) -> Columns:  # noqa: ARG002  # all that are named have to be there
        """The named ones."""
        return frozenset(name_list(self.columns))


class Rename(Transform):
    """Rename columns; others keep their names."""

    op = "rename"
    family = "columns"
    follows = Follows.WHOLLY
    example: ClassVar[Example] = Example(
        inputs={"df": [{"dep_delay": 4, "carrier": "UA"}]},
        pipeline=[{"op": "rename", "columns": {"dep_delay": "delay"}}],
        result=[{"delay": 4, "carrier": "UA"}],
    )

    columns: dict[str, str]
    """Old name → new name."""
    errors: OnMissing = "ignore"
    """`raise`: an old name that is no column is an error."""

    def apply(self, frame: pd.DataFrame, _: Surroundings) -> pd.DataFrame:
        """The frame with its columns renamed."""
        if self.errors == "raise":
            for name in self.columns:
                require_all(frame, [name], pointer("columns", name))
        labels = [self.columns.get(label, label) for label in labels_of(frame)]
        return columns_at(frame, range(len(labels)), labels)

    def rows_after(self, given: int, others: Sequence[int]) -> int:  # noqa: ARG002  # there are none
        """The same."""
        return given

    def needs(self, wanted: Columns) -> Columns:
        """What is wanted, by its old name."""
        if wanted is None:
            return ALL
        old = {name for name, new in self.columns.items() if new in wanted or self.errors == "raise"}
        return plus(wanted - self.columns.keys(), old)


class Drop(Transform):
    """Leave out columns, or rows by their position."""

    op = "drop"
    family = "columns"
    follows = Follows.WHOLLY
    keeps = True
    example: ClassVar[Example] = Example(
        inputs={"df": [{"a": 1, "b": 2, "c": 3}]},
        pipeline=[{"op": "drop", "columns": ["b"]}],
        result=[{"a": 1, "c": 3}],
    )

    columns: Names | None = None
    """The columns to leave out."""
    index: int | tuple[int, ...] | None = None
    """The rows to leave out, counted from 0."""
    errors: OnMissing = "raise"
    """`ignore`: what is not there is no error."""

    def apply(self, frame: pd.DataFrame, _: Surroundings) -> pd.DataFrame:
        """The frame without them."""
        result = frame
        if self.columns is not None:
            wanted = name_list(self.columns)
            if self.errors == "raise":
                require(frame, "columns", self.columns)
            left = frozenset(wanted)
            result = columns_at(frame, [place for place, label in enumerate(labels_of(frame)) if label not in left])
        if self.index is not None:
            result = result.drop(index=self._rows(len(frame)), errors=self.errors).reset_index(drop=True)
        return result

    def _rows(self, there: int) -> list[int]:
        rows = [self.index] if isinstance(self.index, int) else list(self.index or ())
        for place, row in enumerate(rows if self.errors == "raise" else ()):
            if not 0 <= row < there:
                at = "/index" if isinstance(self.index, int) else pointer("index", place)
                raise StepFailed(IndexError(f"no row {row:,} among {there:,}, counted from 0"), at)
        return rows

    def rows_after(self, given: int, others: Sequence[int]) -> int:  # noqa: ARG002  # there are none
        """The same."""
        return given

    def needs(self, wanted: Columns) -> Columns:
        """What is left out has to be there, unless that is no error."""
        return wanted if self.errors == "ignore" else plus(wanted, name_list(self.columns))
