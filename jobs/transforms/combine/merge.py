"""Frames joined by keys: `merge`."""

from collections.abc import Sequence
from typing import Annotated, ClassVar, Literal

import pandas as pd
from pydantic import Field, model_validator

from jobs.errors import ArgumentInvalid
from jobs.transforms.arguments import Names, name_list, refusal, require_keys
from jobs.transforms.base import Example, Surroundings, Transform
from jobs.transforms.combine import joins
from jobs.transforms.follows import Follows
from jobs.transforms.usage import ALL, Columns, plus

How = Literal["inner", "left", "right", "outer", "cross", "left_anti", "right_anti", "semi"]


Validate = Literal["one_to_one", "1:1", "one_to_many", "1:m", "many_to_one", "m:1", "many_to_many", "m:m"]


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
        if "on" in given and len(given) > 1:
            raise refusal(ArgumentInvalid(f"{given[1]!r} stands instead of 'on', not beside it"), f"/{given[1]}")
        if given in (["left_on"], ["right_on"]):
            other = "right_on" if given == ["left_on"] else "left_on"
            raise refusal(ArgumentInvalid(f"{given[0]!r} needs {other!r} beside it"), f"/{given[0]}")
        if len(given) == 2 and len(name_list(self.left_on)) != len(name_list(self.right_on)):
            raise refusal(ArgumentInvalid("'right_on' has not as many columns as 'left_on'"), "/right_on")
        return self

    def uses(self) -> tuple[tuple[str, str], ...]:
        """The other frame."""
        return (("/right", self.right),)

    def apply(self, frame: pd.DataFrame, around: Surroundings) -> pd.DataFrame:
        """The joined frame."""
        right = around.frames[self.right]
        if self.how == "cross":
            joins.check_rows(len(frame) * len(right), around.max_rows)
            return joins.joined(frame, right, self._options([], []))
        left_keys, right_keys = self._keys(frame, right)
        if self.how in ("semi", "left_anti"):
            return joins.matching(frame, right, left_keys, right_keys, keep=self.how == "semi")
        if self.how == "right_anti":
            return joins.matching(right, frame, right_keys, left_keys, keep=False)
        joins.check_output(frame, right, left_keys, right_keys, self.how, around.max_rows)
        return joins.joined(frame, right, self._options(left_keys, right_keys))

    def _keys(self, left: pd.DataFrame, right: pd.DataFrame) -> tuple[list[str], list[str]]:
        if self.left_on is not None and self.right_on is not None:
            return require_keys(left, "left_on", self.left_on), require_keys(right, "right_on", self.right_on)
        if self.on is not None:
            return require_keys(left, "on", self.on), require_keys(right, "on", self.on)
        common = [name for name in left.columns.unique() if name in right.columns]
        if not common:
            raise ArgumentInvalid(
                "the two frames have no column in common; say 'on', or 'left_on' and 'right_on'", "/on"
            )
        return require_keys(left, "on", tuple(common)), require_keys(right, "on", tuple(common))

    def _options(self, left_keys: list[str], right_keys: list[str]) -> joins.JoinOptions:
        return joins.JoinOptions(
            how=self.how,
            left_keys=left_keys,
            right_keys=right_keys,
            sort=self.sort,
            suffixes=self.suffixes,
            indicator=self.indicator,
            validate=self.validate_,
        )

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
        if not keeps:
            return frozenset(name_list(keys))
        if wanted is None:
            return ALL
        # a column gets its suffix only where the other side has one of that name, so both have to show it
        bare = (name.removesuffix(suffix) for suffix in self.suffixes if suffix for name in wanted)
        return plus(wanted, (*bare, *name_list(keys)))
