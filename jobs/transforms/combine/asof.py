"""Frames joined by the nearest key: `merge_asof`."""

from collections.abc import Sequence
from typing import Any, ClassVar, Literal

import pandas as pd
from pydantic import model_validator

from jobs.errors import ArgumentInvalid
from jobs.transforms.arguments import Names, refusal
from jobs.transforms.base import Example, Surroundings, Transform
from jobs.transforms.combine.arguments import check_keys
from jobs.transforms.combine.assemble import assembled, layout
from jobs.transforms.combine.keys import KeyPair, key_pairs
from jobs.transforms.combine.nearest import nearest_rows
from jobs.transforms.combine.usage import side_needs
from jobs.transforms.follows import Follows
from jobs.transforms.usage import Columns


class MergeAsof(Transform):
    """Join each row with the row of a named frame whose key is nearest, as `pandas.merge_asof` does.

    Both frames are sorted by the key, which is a number, a date, a time or a duration without nulls. All rows of the
    current frame stay. Integers and booleans that gain nulls become nullable, never float.
    """

    op = "merge_asof"
    family = "combine"
    follows = Follows.WHOLLY
    example: ClassVar[Example] = Example(
        inputs={
            "trades": [{"t": 2, "qty": 5}, {"t": 6, "qty": 1}],
            "quotes": [{"t": 1, "bid": 10.0}, {"t": 3, "bid": 10.5}, {"t": 5, "bid": 11.0}],
        },
        pipeline=[{"op": "merge_asof", "from": "trades", "right": "quotes", "on": "t"}],
        result=[{"t": 2, "qty": 5, "bid": 10.0}, {"t": 6, "qty": 1, "bid": 11.0}],
    )

    right: str
    """The name of the other frame: an input or a saved one."""
    on: str | None = None
    """The key column, called the same on both sides."""
    left_on: str | None = None
    """The key column of the current frame, where the names differ."""
    right_on: str | None = None
    """The key column of the other frame."""
    by: Names | None = None
    """Columns that have to be equal before the nearest key is looked for."""
    left_by: Names | None = None
    """These columns of the current frame, where the names differ."""
    right_by: Names | None = None
    """These columns of the other frame, in the same order."""
    suffixes: tuple[str | None, str | None] = ("_x", "_y")
    """What is added to names that both sides have."""
    tolerance: int | float | str | None = None
    """How far apart the keys may be: a number, or for times a duration such as `5min`."""
    allow_exact_matches: bool = True
    """Whether an equal key matches."""
    direction: Literal["backward", "forward", "nearest"] = "backward"
    """The last key that is not later, the first that is not earlier, or the nearer one of them."""

    @model_validator(mode="after")
    def _keys_agree(self) -> "MergeAsof":
        check_keys({"on": self.on, "left_on": self.left_on, "right_on": self.right_on})
        check_keys({"by": self.by, "left_by": self.left_by, "right_by": self.right_by})
        if self.on is None and self.left_on is None:
            raise refusal(ArgumentInvalid("say the key: 'on', or 'left_on' and 'right_on'"), "/on")
        return self

    def uses(self) -> tuple[tuple[str, str], ...]:
        """The other frame."""
        return (("/right", self.right),)

    def apply(self, frame: pd.DataFrame, around: Surroundings) -> pd.DataFrame:
        """The joined frame."""
        right = around.frames[self.right]
        (on,) = key_pairs(frame, right, self.on, self.left_on, self.right_on)
        by = self._by(frame, right)
        made = layout(frame, right, [*by, on], self.suffixes, None, around.max_columns)
        rows = nearest_rows(
            on, by, self.tolerance, direction=self.direction, allow_exact_matches=self.allow_exact_matches
        )
        return assembled(made, [*by, on], (None, rows), "left")

    def _by(self, left: pd.DataFrame, right: pd.DataFrame) -> list[KeyPair]:
        if self.by is None and self.left_by is None:
            return []
        return key_pairs(left, right, self.by, self.left_by, self.right_by, ("by", "left_by", "right_by"))

    def rows_after(self, given: int, others: Sequence[int]) -> int:  # noqa: ARG002  # the other frame adds none
        """All of the current frame."""
        return given

    def needs(self, wanted: Columns) -> Columns:
        """The keys, and what is wanted of this side."""
        return side_needs(wanted, [self._or(self.left_on, self.on), self._or(self.left_by, self.by)], self.suffixes)

    def needs_of(self, name: str, wanted: Columns) -> Columns:  # noqa: ARG002  # there is but one
        """The keys, and what is wanted of the other side."""
        return side_needs(wanted, [self._or(self.right_on, self.on), self._or(self.right_by, self.by)], self.suffixes)

    @staticmethod
    def _or(own: Any, both: Any) -> Any:
        return own if own is not None else both
