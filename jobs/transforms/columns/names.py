"""Columns by what they are called: filtered, prefixed, all given anew."""

from collections.abc import Sequence
from typing import Any, ClassVar

import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc
from pydantic import Field, model_validator

from jobs.errors import ArgumentInvalid
from jobs.expressions.patterns import check_pattern
from jobs.expressions.values import Clash
from jobs.transforms.arguments import refusal
from jobs.transforms.base import Example, Surroundings, Transform
from jobs.transforms.follows import Follows
from jobs.transforms.usage import Columns

_FLIGHT: list[dict[str, Any]] = [{"dep_delay": 4, "arr_delay": 11, "carrier": "UA"}]


class Filter(Transform):
    """Keep the columns whose names are in `items`, contain `like`, or match `regex` (RE2); one of the three."""

    op = "filter"
    family = "columns"
    keeps = True
    follows = Follows.WHOLLY
    example: ClassVar[Example] = Example(
        inputs={"df": _FLIGHT},
        pipeline=[{"op": "filter", "like": "delay"}],
        result=[{"dep_delay": 4, "arr_delay": 11}],
    )

    items: tuple[str, ...] | None = None
    """The names to keep, in this order; names that are no column are passed over, as in pandas."""
    like: str | None = None
    """A part of the names to keep."""
    regex: str | None = Field(None, max_length=4096)
    """What is found in the names to keep, anywhere in them."""

    @model_validator(mode="after")
    def _one_rule(self) -> "Filter":
        given = [name for name in ("items", "like", "regex") if getattr(self, name) is not None]
        if len(given) != 1:
            found = " and ".join(given) or "none"
            raise refusal(ArgumentInvalid(f"give one of 'items', 'like' and 'regex', not {found}"))
        if self.regex is not None:
            try:
                check_pattern(self.regex)
            except Clash as clash:
                raise refusal(ArgumentInvalid(str(clash)), "/regex") from None
        return self

    def apply(self, frame: pd.DataFrame, _: Surroundings) -> pd.DataFrame:
        """The columns that are kept."""
        if self.items is not None:
            return frame.loc[:, [name for name in dict.fromkeys(self.items) if name in frame.columns]]
        names = pa.array([str(name) for name in frame.columns], pa.string())
        found = (
            pc.match_substring_regex(names, self.regex) if self.regex else pc.match_substring(names, self.like or "")
        )
        kept: pd.DataFrame = frame.loc[:, found.to_numpy(zero_copy_only=False).astype(bool)]
        return kept

    def rows_after(self, given: int, others: Sequence[int]) -> int:  # noqa: ARG002  # there are none
        """The same."""
        return given

    def needs(self, wanted: Columns) -> Columns:
        """What is wanted, of the columns that are kept."""
        return wanted if wanted is not None or self.items is None else frozenset(self.items)


class AddPrefix(Transform):
    """Put a text before every column's name."""

    op = "add_prefix"
    family = "columns"
    follows = Follows.WHOLLY
    example: ClassVar[Example] = Example(
        inputs={"df": [{"delay": 4}]}, pipeline=[{"op": "add_prefix", "prefix": "dep_"}], result=[{"dep_delay": 4}]
    )

    prefix: str
    """The text."""

    def apply(self, frame: pd.DataFrame, _: Surroundings) -> pd.DataFrame:
        """`frame.add_prefix(prefix)`."""
        return frame.add_prefix(self.prefix)

    def rows_after(self, given: int, others: Sequence[int]) -> int:  # noqa: ARG002  # there are none
        """The same."""
        return given

    def needs(self, wanted: Columns) -> Columns:
        """What is wanted, by its old name."""
        return None if wanted is None else frozenset(name.removeprefix(self.prefix) for name in wanted)


class AddSuffix(Transform):
    """Put a text behind every column's name."""

    op = "add_suffix"
    family = "columns"
    follows = Follows.WHOLLY
    example: ClassVar[Example] = Example(
        inputs={"df": [{"delay": 4}]}, pipeline=[{"op": "add_suffix", "suffix": "_min"}], result=[{"delay_min": 4}]
    )

    suffix: str
    """The text."""

    def apply(self, frame: pd.DataFrame, _: Surroundings) -> pd.DataFrame:
        """`frame.add_suffix(suffix)`."""
        return frame.add_suffix(self.suffix)

    def rows_after(self, given: int, others: Sequence[int]) -> int:  # noqa: ARG002  # there are none
        """The same."""
        return given

    def needs(self, wanted: Columns) -> Columns:
        """What is wanted, by its old name."""
        return None if wanted is None else frozenset(name.removesuffix(self.suffix) for name in wanted)


class SetAxis(Transform):
    """Give all columns new names, in their order."""

    op = "set_axis"
    family = "columns"
    follows = Follows.WHOLLY
    example: ClassVar[Example] = Example(
        inputs={"df": _FLIGHT},
        pipeline=[{"op": "set_axis", "labels": ["dep", "arr", "by"]}],
        result=[{"dep": 4, "arr": 11, "by": "UA"}],
    )

    labels: tuple[str, ...]
    """As many names as there are columns."""

    def apply(self, frame: pd.DataFrame, _: Surroundings) -> pd.DataFrame:
        """`frame.set_axis(labels, axis=1)`."""
        if len(self.labels) != frame.shape[1]:
            raise ArgumentInvalid(
                f"there are {frame.shape[1]:,} columns, and {len(self.labels):,} labels for them", "/labels"
            )
        return frame.set_axis(list(self.labels), axis=1)

    def rows_after(self, given: int, others: Sequence[int]) -> int:  # noqa: ARG002  # there are none
        """The same."""
        return given
