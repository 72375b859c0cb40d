"""Rows that are equal."""

from collections.abc import Sequence
from typing import Any, ClassVar, Final, Literal

import numpy as np
import pandas as pd

from jobs.codecs.blocks import column_array
from jobs.transforms.arguments import (
    Names,
    name_list,
    plain,
    require,
)
from jobs.transforms.base import Example, Surroundings, Transform
from jobs.transforms.direct import places_of, rows_where
from jobs.transforms.examples import FLIGHTS
from jobs.transforms.follows import Follows
from jobs.transforms.usage import Columns, plus

_MOST: Final = 2**62


def duplicated(frame: pd.DataFrame, places: Sequence[int], keep: Literal["first", "last", False]) -> Any:
    """Which rows have the values of another row in these columns, but for the one that is kept: a boolean array.

    As `DataFrame.duplicated`: nulls are equal, and `keep` False marks them all.
    """
    columns = [column_array(frame, place) for place in places]
    if len(columns) == 1:
        return pd.Series(columns[0], copy=False).duplicated(keep).to_numpy()
    ids, groups = np.zeros(len(frame), dtype=np.int64), 1
    for values in columns:
        codes, known = pd.factorize(values)
        groups *= len(known) + 1
        if groups > _MOST:
            return frame.iloc[:, list(places)].duplicated(keep=keep).to_numpy()
        ids = ids * (len(known) + 1) + codes  # a null's code is -1, and no other row's id is one less
    return pd.Series(ids, copy=False).duplicated(keep).to_numpy()


class DropDuplicates(Transform):
    """Keep one of each group of equal rows."""

    op = "drop_duplicates"
    family = "rows"
    follows = Follows.WHOLLY
    keeps = True
    example: ClassVar[Example] = Example(
        inputs={"df": FLIGHTS},
        pipeline=[{"op": "drop_duplicates", "subset": ["carrier"], "keep": "last"}],
        result=[{"carrier": "AA", "delay": None}, {"carrier": "B6", "delay": 31}, {"carrier": "UA", "delay": 4}],
    )

    subset: Names | None = None
    """The columns that make rows equal; without it, all."""
    keep: Literal["first", "last", False] = "first"
    """Which of equal rows to keep; false: none of them."""
    ignore_index: bool = True
    """As in pandas; the index is a plain range either way."""

    def apply(self, frame: pd.DataFrame, _: Surroundings) -> pd.DataFrame:
        """The rows that are kept, in their order."""
        subset = require(frame, "subset", self.subset)
        if not frame.shape[1]:
            return plain(frame.drop_duplicates(keep=self.keep))
        return rows_where(frame, ~duplicated(frame, places_of(frame, subset) or range(frame.shape[1]), self.keep))

    def rows_after(self, given: int, others: Sequence[int]) -> int:  # noqa: ARG002  # there are none
        """All, at most."""
        return given

    def needs(self, wanted: Columns) -> Columns:
        """Those that make rows equal too."""
        return plus(wanted, None if self.subset is None else name_list(self.subset))


class Duplicated(Transform):
    """Whether each row is equal to an earlier one: a frame of the one boolean column `duplicated`."""

    op = "duplicated"
    family = "rows"
    follows = Follows.WHOLLY
    example: ClassVar[Example] = Example(
        inputs={"df": FLIGHTS[:1] * 2},
        pipeline=[{"op": "duplicated"}],
        result=[{"duplicated": False}, {"duplicated": True}],
    )

    subset: Names | None = None
    """The columns that make rows equal; without it, all."""
    keep: Literal["first", "last", False] = "first"
    """Which of equal rows is no duplicate; false: none of them."""

    def apply(self, frame: pd.DataFrame, _: Surroundings) -> pd.DataFrame:
        """`frame.duplicated(...)`."""
        subset = require(frame, "subset", self.subset) or None
        found = frame.duplicated(subset, keep=self.keep)
        return pd.DataFrame({self.op: found.to_numpy(dtype=bool)}, index=pd.RangeIndex(len(frame)))

    def rows_after(self, given: int, others: Sequence[int]) -> int:  # noqa: ARG002  # there are none
        """The same."""
        return given

    def needs(self, wanted: Columns) -> Columns:  # noqa: ARG002  # the one column is of all that are compared
        """Those that make rows equal."""
        return None if self.subset is None else frozenset(name_list(self.subset))
