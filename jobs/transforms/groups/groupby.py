"""Groups: `groupby` with named aggregation."""

import math
from collections.abc import Sequence
from typing import ClassVar

import pandas as pd

from jobs.errors import OutputTooLarge
from jobs.transforms.arguments import Names, name_list, require_keys
from jobs.transforms.base import Example, Surroundings, Transform
from jobs.transforms.follows import Follows
from jobs.transforms.groups import kernels
from jobs.transforms.groups.named import NamedAggregations
from jobs.transforms.usage import Columns, plus


class GroupBy(Transform):
    """Group the rows by columns and aggregate each group to one row.

    The keys come first, then the new columns in written order. A source may be a column, an expression, two columns
    (`corr`, `cov`) or null (`size`). Decimals stay exact under sum, min, max, first and last; other aggregations of
    them give float64.
    """

    op = "groupby"
    family = "groups"
    follows = Follows.WHOLLY
    example: ClassVar[Example] = Example(
        inputs={
            "df": [
                {"region": "N", "amount": 120.5, "discount": 0.0},
                {"region": "S", "amount": 80.0, "discount": 0.5},
                {"region": "N", "amount": 30.0, "discount": 0.1},
            ]
        },
        pipeline=[
            {
                "op": "groupby",
                "by": ["region"],
                "agg": {
                    "total": ["amount", "sum"],
                    "net": ["amount * (1 - discount)", "sum"],
                    "rows": [None, "size"],
                    "median": ["amount", "quantile", {"q": 0.5}],
                },
            }
        ],
        result=[
            {"region": "N", "total": 150.5, "net": 147.5, "rows": 2, "median": 75.25},
            {"region": "S", "total": 80.0, "net": 40.0, "rows": 1, "median": 80.0},
        ],
    )

    by: Names
    """The columns whose values make the groups."""
    agg: NamedAggregations
    """Named aggregation: new column → `[source, function]` or `[source, function, {arguments}]`."""
    sort: bool = True
    """Sort the groups by their keys; false: in order of first appearance."""
    dropna: bool = True
    """Leave out rows whose key is null; false: null is a group."""
    observed: bool = True
    """Of categorical keys show only categories that occur; false: all of them."""

    def apply(self, frame: pd.DataFrame, around: Surroundings) -> pd.DataFrame:
        """One row per group."""
        require_keys(frame, "by", self.by)
        if not self.observed:
            self._check_groups(frame, around.max_rows)
        return kernels.aggregate(
            frame, name_list(self.by), self.agg, sort=self.sort, dropna=self.dropna, observed=self.observed
        )

    def _check_groups(self, frame: pd.DataFrame, limit: int) -> None:
        """Raise OutputTooLarge where categories that do not occur make too many groups, before any is made."""
        keys = [frame[name] for name in name_list(self.by)]
        if not any(isinstance(key.dtype, pd.CategoricalDtype) for key in keys):
            return
        # every value of each key with every value of the others
        groups = math.prod(
            len(key.dtype.categories) if isinstance(key.dtype, pd.CategoricalDtype) else key.nunique() for key in keys
        )
        if groups > limit:
            raise OutputTooLarge("rows", groups, limit, "limits.rows", "/by")

    def rows_after(self, given: int, others: Sequence[int]) -> int | None:  # noqa: ARG002  # there are none
        """One for each row, at most."""
        return given if self.observed else None  # every category is a group, whether it occurs or not

    def needs(self, wanted: Columns) -> Columns:  # noqa: ARG002  # every aggregation is made
        """The keys and the sources."""
        return plus(frozenset(name_list(self.by)), (name for one in self.agg.values() for name in one.columns))
