"""Frames joined in the order of their keys: `merge_ordered`."""

from collections.abc import Sequence
from typing import ClassVar, Literal

import pandas as pd
from pydantic import model_validator

from jobs.errors import ArgumentInvalid
from jobs.transforms.arguments import Names, refusal, require_keys
from jobs.transforms.base import Example, Surroundings, Transform
from jobs.transforms.combine.arguments import check_keys
from jobs.transforms.combine.assemble import assembled, layout
from jobs.transforms.combine.in_groups import both, forward, joined_in_groups
from jobs.transforms.combine.keys import KeyPair, key_pairs, one_array
from jobs.transforms.combine.matching import matched_rows
from jobs.transforms.combine.take import taken
from jobs.transforms.combine.usage import side_needs
from jobs.transforms.follows import Follows
from jobs.transforms.usage import ALL, Columns


class MergeOrdered(Transform):
    """Join two ordered frames, sorted by their keys and filled forward where asked, as `pandas.merge_ordered` does.

    With `left_by` the other frame is joined to each group of the current one on its own (`right_by`: the other way
    round); groups come in the order in which they appear, and rows without a group are left out. Where the other frame
    has the grouping columns too, its rows are joined to their own group alone, and each is one column, which pandas
    gives three times. Integers and booleans that gain nulls become nullable, never float. A result beyond the row limit
    is refused before it is made.
    """

    op = "merge_ordered"
    family = "combine"
    follows = Follows.WHOLLY
    example: ClassVar[Example] = Example(
        inputs={
            "prices": [{"day": 1, "price": 10}, {"day": 4, "price": 12}],
            "stock": [{"day": 1, "left": 7}, {"day": 2, "left": 5}],
        },
        pipeline=[{"op": "merge_ordered", "from": "prices", "right": "stock", "on": "day", "fill_method": "ffill"}],
        result=[
            {"day": 1, "price": 10, "left": 7},
            {"day": 2, "price": 10, "left": 5},
            {"day": 4, "price": 12, "left": 5},
        ],
    )

    right: str
    """The name of the other frame: an input or a saved one."""
    on: Names | None = None
    """The key columns, called the same on both sides; without any key: the columns both have."""
    left_on: Names | None = None
    """The key columns of the current frame, where the names differ."""
    right_on: Names | None = None
    """The key columns of the other frame, in the same order."""
    left_by: Names | None = None
    """Join the other frame to each group of rows that are equal in these columns of the current one."""
    right_by: Names | None = None
    """Join the current frame to each group of rows that are equal in these columns of the other one."""
    fill_method: Literal["ffill"] | None = None
    """Fill what a side lacks with its row before."""
    suffixes: tuple[str | None, str | None] = ("_x", "_y")
    """What is added to names that both sides have."""
    how: Literal["left", "right", "outer", "inner"] = "outer"
    """Which keys stay."""

    @model_validator(mode="after")
    def _keys_agree(self) -> "MergeOrdered":
        check_keys({"on": self.on, "left_on": self.left_on, "right_on": self.right_on})
        if self.left_by is not None and self.right_by is not None:
            raise refusal(ArgumentInvalid("groups are of one side: 'left_by' or 'right_by', not both"), "/right_by")
        return self

    def uses(self) -> tuple[tuple[str, str], ...]:
        """The other frame."""
        return (("/right", self.right),)

    def apply(self, frame: pd.DataFrame, around: Surroundings) -> pd.DataFrame:
        """The joined frame."""
        right = around.frames[self.right]
        pairs = key_pairs(frame, right, self.on, self.left_on, self.right_on)
        by = require_keys(frame, "left_by", self.left_by) or require_keys(right, "right_by", self.right_by)
        pairs += self._equal_in_groups(frame, right, by, pairs)
        made = layout(frame, right, pairs, self.suffixes, None, around.max_columns)
        fills = self.fill_method is not None
        if not by:
            rows = both(matched_rows(pairs, self.how, sort=True, limit=around.max_rows), (len(frame), len(right)))
            filled = (forward(rows[0]), forward(rows[1])) if fills else None
            return assembled(made, pairs, rows, self.how, filled=filled)
        left = self.left_by is not None
        grouped = frame if left else right
        found = joined_in_groups(pairs, grouped, by, self.how, left=left, fills=fills, limit=around.max_rows)
        result = assembled(made, pairs, found.rows, self.how, filled=found.filled)
        for name in by:  # in rows that only the other frame has as well
            leaders = taken(one_array(grouped, name), found.leaders, missing=False)
            result.isetitem(made.place(name, left=left), leaders)
        return result

    def _equal_in_groups(
        self, left: pd.DataFrame, right: pd.DataFrame, by: Sequence[str], pairs: Sequence[KeyPair]
    ) -> list[KeyPair]:
        """The columns of `by` that the other frame has too: rows of a group are joined with those of the same group."""
        other, argument = (right, "left_by") if self.left_by is not None else (left, "right_by")
        keys = {name for pair in pairs for name in (pair.left_name, pair.right_name)}
        names = tuple(name for name in by if name in other.columns and name not in keys)
        return key_pairs(left, right, names, None, None, (argument, "", "")) if names else []

    def rows_after(self, given: int, others: Sequence[int]) -> int:
        """What keys that are unique would give, without groups."""
        return {"left": given, "right": others[0], "inner": max(given, *others), "outer": given + others[0]}[self.how]

    def needs(self, wanted: Columns) -> Columns:
        """The keys and groups, and what is wanted of this side."""
        return self._side(wanted, self.left_on)

    def needs_of(self, name: str, wanted: Columns) -> Columns:  # noqa: ARG002  # there is but one
        """The keys and groups, and what is wanted of the other side."""
        return self._side(wanted, self.right_on)

    def _side(self, wanted: Columns, own: Names | None) -> Columns:
        keys = own if own is not None else self.on
        # without keys, they are what both sides have
        return ALL if keys is None else side_needs(wanted, [keys, self.left_by, self.right_by], self.suffixes)
