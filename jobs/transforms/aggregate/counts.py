"""How often values occur."""

import math
from collections.abc import Sequence
from typing import Any, ClassVar

import pandas as pd

from jobs.errors import ColumnAmbiguous, ColumnTaken, OutputTooLarge
from jobs.transforms.arguments import Names, name_list, plain, require_keys
from jobs.transforms.base import Example, Surroundings, Transform
from jobs.transforms.delegated import answer
from jobs.transforms.follows import Follows
from jobs.transforms.usage import Columns


class ValueCounts(Transform):
    """How often each row (or each combination of `subset`) occurs.

    Of columns of categories those combinations that do not occur come too, with 0.
    """

    op = "value_counts"
    family = "aggregate"
    follows = Follows.WHOLLY
    example: ClassVar[Example] = Example(
        inputs={"df": [{"carrier": "UA"}, {"carrier": "AA"}, {"carrier": "UA"}]},
        pipeline=[{"op": "value_counts"}],
        result=[{"carrier": "UA", "value_counts": 2}, {"carrier": "AA", "value_counts": 1}],
    )

    subset: Names | None = None
    """The columns to count the combinations of; without it, all."""
    normalize: bool = False
    """Fractions of all instead of counts."""
    sort: bool = True
    """The most frequent first; false: in order of first appearance."""
    ascending: bool = False
    """The rarest first."""
    dropna: bool = True
    """Leave out combinations with a null."""

    def apply(self, frame: pd.DataFrame, around: Surroundings) -> pd.DataFrame:
        """The combinations, and their counts."""
        keys = require_keys(frame, "subset", self.subset) or [str(name) for name in frame.columns]
        if not frame.columns.is_unique and self.subset is None:
            raise ColumnAmbiguous(str(frame.columns[frame.columns.duplicated()][0]))
        if self.op in keys:
            raise ColumnTaken(self.op)
        if not keys:
            return pd.DataFrame({self.op: pd.Series([], dtype="int64")})
        check_groups([frame[name] for name in keys], around.max_rows, "/subset")
        return answer(frame.loc[:, keys], self.op, lambda given: self._counts(given, keys))

    def _counts(self, frame: pd.DataFrame, keys: list[str]) -> pd.DataFrame:
        words: dict[str, Any] = {name: getattr(self, name) for name in ("normalize", "sort", "ascending", "dropna")}
        counts = frame.value_counts(keys, **words)
        return plain(counts.rename(self.op).reset_index())

    def rows_after(self, given: int, others: Sequence[int]) -> int:  # noqa: ARG002  # there are none
        """One for each row, at most; but for categories that do not occur."""
        return given

    def needs(self, wanted: Columns) -> Columns:  # noqa: ARG002  # all combinations are counted
        """Those that are counted."""
        return None if self.subset is None else frozenset(name_list(self.subset))


def check_groups(keys: Sequence[pd.Series], limit: int, at: str) -> None:
    """Raise OutputTooLarge where categories that do not occur make too many combinations, before any is made."""
    if not any(isinstance(key.dtype, pd.CategoricalDtype) for key in keys):
        return
    groups = math.prod(
        len(key.cat.categories) if isinstance(key.dtype, pd.CategoricalDtype) else key.nunique() for key in keys
    )
    if groups > limit:
        raise OutputTooLarge("rows", groups, limit, "limits.rows", at)
