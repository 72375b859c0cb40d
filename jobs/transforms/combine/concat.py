"""Frames below or beside each other: `concat`."""

from collections.abc import Sequence
from typing import Annotated, ClassVar, Literal

import pandas as pd
from pydantic import Field, model_validator

from jobs.codecs.blocks import labels_of
from jobs.errors import ArgumentInvalid, ColumnTaken, OutputTooLarge
from jobs.transforms.arguments import plain, pointer, refusal
from jobs.transforms.base import Example, Surroundings, Transform
from jobs.transforms.combine.alike import alike, whole_numbers_that_some_lack
from jobs.transforms.follows import Follows
from jobs.transforms.nulls import nullable, settled


class Concat(Transform):
    """Stack the current frame and named ones, as `pandas.concat` does.

    Integers and booleans that gain nulls, where a frame lacks their column, become nullable, never float. A column has
    the dtype that holds the values of all frames; where there is none (numbers and text), the job fails. `keys` give a
    column that says where each row is from, which in pandas is an index.
    """

    # it needs all columns, wanted or not: one that no dtype holds is refused
    op = "concat"
    family = "combine"
    follows = Follows.WHOLLY
    example: ClassVar[Example] = Example(
        inputs={"january": [{"day": 1, "flights": 842}], "february": [{"day": 1, "flights": 926, "canceled": 3}]},
        pipeline=[{"op": "concat", "from": "january", "frames": ["february"]}],
        result=[{"day": 1, "flights": 842, "canceled": None}, {"day": 1, "flights": 926, "canceled": 3}],
    )

    frames: Annotated[tuple[str, ...], Field(min_length=1)]
    """The names of the frames to put below (or beside) the current one."""
    axis: Literal[0, 1, "index", "columns"] = 0
    """`0` or `index`: below each other; `1` or `columns`: side by side, by position."""
    join: Literal["outer", "inner"] = "outer"
    """`inner`: only the columns (side by side: the rows) that all have."""
    sort: bool = False
    """Sort the columns where the frames differ in them."""
    ignore_index: bool = True
    """As in pandas; the index is a plain range either way."""
    keys: tuple[str | int, ...] | None = None
    """A key for each frame: below each other the value of a new first column, side by side put before the names."""
    names: Annotated[tuple[str, ...], Field(min_length=1, max_length=1)] | None = None
    """The name of that column, in a list; without it `level_0`."""
    verify_integrity: bool = False
    """Side by side: refuse two columns of one name."""

    @model_validator(mode="after")
    def _keys_fit(self) -> "Concat":
        if self.keys is not None and len(self.keys) != len(self.frames) + 1:
            detail = f"there are {len(self.frames) + 1} frames with the current one, and {len(self.keys)} keys"
            raise refusal(ArgumentInvalid(detail), "/keys")
        if self.keys is not None and len({type(key) for key in self.keys}) > 1:
            raise refusal(ArgumentInvalid("keys are all text, or all whole numbers"), "/keys")
        if self.names is not None and (self.keys is None or self.axis in (1, "columns")):
            raise refusal(ArgumentInvalid("'names' names the column that 'keys' give below each other"), "/names")
        return self

    def uses(self) -> tuple[tuple[str, str], ...]:
        """The frames that are stacked."""
        return tuple((pointer("frames", place), name) for place, name in enumerate(self.frames))

    def apply(self, frame: pd.DataFrame, around: Surroundings) -> pd.DataFrame:
        """The stacked frame."""
        parts = [frame, *(around.frames[name] for name in self.frames)]
        if self.axis in (1, "columns"):
            return self._beside(parts, around)
        rows = sum(len(part) for part in parts)
        if rows > around.max_rows:
            raise OutputTooLarge("rows", rows, around.max_rows, "limits.rows", "/frames")
        return self._with_keys(self._below(alike(parts, inner=self.join == "inner", sort=self.sort)), parts)

    def _below(self, parts: list[pd.DataFrame]) -> pd.DataFrame:
        if self.join == "outer" and (names := whole_numbers_that_some_lack(parts)):
            wider = [
                nullable(part, {place for place, name in enumerate(part.columns) if name in names}) for part in parts
            ]
            result = pd.concat(wider, sort=self.sort, ignore_index=True)
            return settled(result, [names.get(name, dtype) for name, dtype in result.dtypes.items()])
        return pd.concat(parts, join=self.join, sort=self.sort, ignore_index=True)

    def _with_keys(self, result: pd.DataFrame, parts: list[pd.DataFrame]) -> pd.DataFrame:
        if self.keys is None:
            return result
        name = self.names[0] if self.names is not None else "level_0"
        if name in result.columns:
            raise ColumnTaken(name, "/names" if self.names is not None else "/keys")
        counts = [len(part) for part in parts]
        dtype = "int64" if isinstance(self.keys[0], int) else "str"
        result.insert(0, name, pd.Series(self.keys, dtype=dtype).repeat(counts).reset_index(drop=True))
        return result

    def _beside(self, parts: list[pd.DataFrame], around: Surroundings) -> pd.DataFrame:
        columns = sum(part.shape[1] for part in parts)
        if columns > around.max_columns:
            raise OutputTooLarge("columns", columns, around.max_columns, "limits.columns", "/frames")
        longest = max(len(part) for part in parts)
        if self.join == "outer":
            parts = [nullable(part) if len(part) < longest else part for part in parts]
        result = plain(pd.concat(parts, axis=1, join=self.join))
        if self.keys is not None:
            keys = [str(key) for key, part in zip(self.keys, parts, strict=True) for _ in range(part.shape[1])]
            labels = [f"{key}_{name}" for key, name in zip(keys, labels_of(result), strict=True)]
            result.columns = pd.Index(labels, dtype=result.columns.dtype)
        if self.verify_integrity and not result.columns.is_unique:
            raise ColumnTaken(result.columns[result.columns.duplicated()][0], "/verify_integrity")
        return result

    def rows_after(self, given: int, others: Sequence[int]) -> int:
        """All of them; side by side those of the longest or the shortest."""
        if self.axis in (0, "index"):
            return given + sum(others)
        return max(given, *others) if self.join == "outer" else min(given, *others)
