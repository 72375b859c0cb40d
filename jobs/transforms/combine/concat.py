"""Frames below or beside each other: `concat`."""

from collections.abc import Hashable, Sequence
from typing import Annotated, Any, ClassVar, Literal

import numpy as np
import pandas as pd
from pydantic import Field

from jobs.errors import OutputTooLarge
from jobs.transforms.arguments import plain, pointer
from jobs.transforms.base import Example, Surroundings, Transform
from jobs.transforms.follows import Follows
from jobs.transforms.nulls import nullable, nullable_dtype, settled
from jobs.transforms.usage import ALL, Columns


class Concat(Transform):
    """Stack the current frame and named ones, as `pandas.concat` does.

    Integers and booleans that gain nulls, where a frame lacks their column, become nullable, never float.
    """

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

    def uses(self) -> tuple[tuple[str, str], ...]:
        """The frames that are stacked."""
        return tuple((pointer("frames", place), name) for place, name in enumerate(self.frames))

    def apply(self, frame: pd.DataFrame, around: Surroundings) -> pd.DataFrame:
        """The stacked frame."""
        parts = [frame, *(around.frames[name] for name in self.frames)]
        if self.axis in (1, "columns"):
            return self._beside(parts)
        rows = sum(len(part) for part in parts)
        if rows > around.max_rows:
            raise OutputTooLarge("rows", rows, around.max_rows, "limits.rows", "/frames")
        if self.join == "outer" and (names := _whole_numbers_that_some_lack(parts)):
            wider = [
                nullable(part, {place for place, name in enumerate(part.columns) if name in names}) for part in parts
            ]
            result = pd.concat(wider, sort=self.sort, ignore_index=True)
            return settled(result, [names.get(name, dtype) for name, dtype in result.dtypes.items()])
        return pd.concat(parts, join=self.join, sort=self.sort, ignore_index=True)

    def _beside(self, parts: list[pd.DataFrame]) -> pd.DataFrame:
        longest = max(len(part) for part in parts)
        if self.join == "outer":
            parts = [nullable(part) if len(part) < longest else part for part in parts]
        return plain(pd.concat(parts, axis=1, join=self.join))

    def rows_after(self, given: int, others: Sequence[int]) -> int:
        """All of them; side by side those of the longest or the shortest."""
        if self.axis in (0, "index"):
            return given + sum(others)
        return max(given, *others) if self.join == "outer" else min(given, *others)

    def needs(self, wanted: Columns) -> Columns:
        """What is wanted; side by side, all."""
        return ALL if self.axis in (1, "columns") else wanted

    def needs_of(self, name: str, wanted: Columns) -> Columns:  # noqa: ARG002  # all frames alike
        """What is wanted; side by side, all."""
        return self.needs(wanted)


def _whole_numbers_that_some_lack(parts: list[pd.DataFrame]) -> dict[Hashable, Any]:
    """The columns that some part lacks and that are whole numbers or booleans in all others, with their dtype."""
    found: dict[Hashable, Any] = {}
    for name in dict.fromkeys(name for part in parts for name in part.columns):
        having = [part.dtypes[name] for part in parts if name in part.columns]
        if len(having) < len(parts) and all(nullable_dtype(dtype) is not None for dtype in having):
            common = np.result_type(*having)
            if nullable_dtype(common) is not None and len({dtype.kind == "b" for dtype in having}) == 1:
                found[name] = common
    return found
