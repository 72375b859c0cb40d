"""Frames joined by keys: `merge`."""

from collections.abc import Sequence
from typing import Annotated, ClassVar, Literal

import pandas as pd
from pydantic import Field, model_validator

from jobs.codecs.blocks import column_arrays, frame_of, labels_of
from jobs.errors import ArgumentInvalid
from jobs.transforms.arguments import Names, name_list, refusal
from jobs.transforms.base import Example, Surroundings, Transform
from jobs.transforms.combine.arguments import check_keys
from jobs.transforms.combine.assemble import assembled, layout
from jobs.transforms.combine.keys import key_pairs
from jobs.transforms.combine.matching import every_pair, kept_rows, matched_rows
from jobs.transforms.combine.take import Positions, taken
from jobs.transforms.combine.uniqueness import Validate, check_validate
from jobs.transforms.combine.usage import side_needs
from jobs.transforms.follows import Follows
from jobs.transforms.usage import ALL, Columns

How = Literal["inner", "left", "right", "outer", "cross", "left_anti", "right_anti", "semi"]


class Merge(Transform):
    """Join the current frame with a named one, as `pandas.merge` does.

    `semi` keeps the rows of the current frame that have a match, `left_anti` those that have none, `right_anti` those
    of `right` that have none: each with the columns of the kept side only. Integers and booleans that gain nulls become
    nullable, never float. A result that would exceed the row limit is refused before it is made.
    """

    op = "merge"
    family = "combine"
    follows = Follows.WHOLLY
    example: ClassVar[Example] = Example(
        inputs={
            "flights": [{"carrier": "UA", "delay": 4}, {"carrier": "ZZ", "delay": 9}],
            "airlines": [{"carrier": "UA", "name": "United", "founded": 1926}],
        },
        pipeline=[{"op": "merge", "from": "flights", "right": "airlines", "on": "carrier", "how": "left"}],
        result=[
            {"carrier": "UA", "delay": 4, "name": "United", "founded": 1926},
            {"carrier": "ZZ", "delay": 9, "name": None, "founded": None},
        ],
    )

    right: str
    """The name of the other frame: an input or a saved one."""
    how: How = "inner"
    """Which rows stay."""
    on: Names | None = None
    """The key columns, called the same on both sides; without any key: the columns both have."""
    left_on: Names | None = None
    """The key columns of the current frame, where the names differ."""
    right_on: Names | None = None
    """The key columns of the other frame, in the same order."""
    sort: bool = False
    """Sort the result by the keys."""
    suffixes: tuple[str | None, str | None] = ("_x", "_y")
    """What is added to names that both sides have."""
    indicator: bool | str = False
    """Add a column (`_merge`, or of this name) that says where a row is from."""
    # `validate` is the name of a method of pydantic's models
    validate_: Annotated[Validate | None, Field(alias="validate")] = None
    """Check that the keys are unique on the `one` side; the job fails where they are not."""

    @model_validator(mode="after")
    def _keys_agree(self) -> "Merge":
        given = [name for name in ("on", "left_on", "right_on") if getattr(self, name) is not None]
        if self.how == "cross" and given:
            raise refusal(
                ArgumentInvalid(f"{given[0]!r} is no use with how 'cross', which pairs every row with every row"),
                f"/{given[0]}",
            )
        if self.indicator is not False and self.how in ("semi", "left_anti", "right_anti"):
            detail = f"'indicator' is no use with how {self.how!r}, whose rows are all from one side"
            raise refusal(ArgumentInvalid(detail), "/indicator")
        check_keys({"on": self.on, "left_on": self.left_on, "right_on": self.right_on})
        return self

    def uses(self) -> tuple[tuple[str, str], ...]:
        """The other frame."""
        return (("/right", self.right),)

    def apply(self, frame: pd.DataFrame, around: Surroundings) -> pd.DataFrame:
        """The joined frame."""
        right = around.frames[self.right]
        indicator = "_merge" if self.indicator is True else self.indicator or None
        if self.how == "cross":
            made = layout(frame, right, (), self.suffixes, indicator, around.max_columns)
            rows = every_pair(len(frame), len(right), around.max_rows)
            return assembled(made, (), rows, "inner", indicator=indicator is not None)
        pairs = key_pairs(frame, right, self.on, self.left_on, self.right_on)
        if self.validate_ is not None:
            check_validate(pairs, self.validate_)
        if self.how == "semi" or self.how == "left_anti":  # noqa: PLR1714  # mypy understands it so
            return _kept(frame, kept_rows(pairs, "left", keep=self.how == "semi", sort=self.sort))
        if self.how == "right_anti":
            return _kept(right, kept_rows(pairs, "right", keep=False, sort=self.sort))
        made = layout(frame, right, pairs, self.suffixes, indicator, around.max_columns)
        found = matched_rows(pairs, self.how, sort=self.sort, limit=around.max_rows)
        return assembled(made, pairs, found, self.how, indicator=indicator is not None)

    def rows_after(self, given: int, others: Sequence[int]) -> int:
        """What keys that are unique on one side would give."""
        right = others[0]
        by_how = {
            "cross": given * right,
            "semi": given,
            "left_anti": given,
            "right_anti": right,
            "left": given,
            "right": right,
            "outer": given + right,
        }
        return by_how.get(self.how, max(given, right))

    def needs(self, wanted: Columns) -> Columns:
        """The keys, and what is wanted of this side."""
        return self._side(wanted, self.left_on if self.left_on is not None else self.on, keeps=self.how != "right_anti")

    def needs_of(self, name: str, wanted: Columns) -> Columns:  # noqa: ARG002  # there is but one
        """The keys, and what is wanted of the other side."""
        keys = self.right_on if self.right_on is not None else self.on
        return self._side(wanted, keys, keeps=self.how not in ("semi", "left_anti"))

    def _side(self, wanted: Columns, keys: Names | None, *, keeps: bool) -> Columns:
        if keys is None and self.how != "cross":
            return ALL  # the keys are what both sides have
        return side_needs(wanted, [keys], self.suffixes) if keeps else frozenset(name_list(keys))


def _kept(frame: pd.DataFrame, rows: Positions) -> pd.DataFrame:
    if len(rows) == len(frame) and bool((rows[1:] > rows[:-1]).all()):
        return frame.copy(deep=False)
    columns = [taken(array, rows, missing=False) for array in column_arrays(frame)]
    return frame_of(labels_of(frame), columns, len(rows))
