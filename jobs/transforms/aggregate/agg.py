"""`agg`: the whole frame as one row of named aggregations."""

from collections.abc import Sequence
from typing import Any, ClassVar

import numpy as np
import pandas as pd

from jobs.errors import DtypeUnsuitable, TransformError
from jobs.transforms.arguments import pointer
from jobs.transforms.base import Example, Surroundings, Transform
from jobs.transforms.delegated import REFUSALS, reason
from jobs.transforms.follows import Follows
from jobs.transforms.groups import kernels
from jobs.transforms.groups.named import NamedAggregations
from jobs.transforms.usage import Columns


class Agg(Transform):
    """Aggregate the whole frame to one row, with a column for each named aggregation.

    A source may be a column, an expression, two columns (`corr`, `cov`) or null (`size`), as in groupby. Of a frame
    without rows sums and counts are 0, other values null.
    """

    op = "agg"
    family = "aggregate"
    follows = Follows.NAMES
    example: ClassVar[Example] = Example(
        inputs={"df": [{"delay": 4, "miles": 200}, {"delay": 31, "miles": 1400}]},
        pipeline=[{"op": "agg", "agg": {"mean": ["delay", "mean"], "far": ["miles / 2", "max"], "n": [None, "size"]}}],
        result=[{"mean": 17.5, "far": 700.0, "n": 2}],
    )

    agg: NamedAggregations
    """Named aggregation: new column → `[source, function]` or `[source, function, {arguments}]`."""

    def apply(self, frame: pd.DataFrame, _: Surroundings) -> pd.DataFrame:
        """One row."""
        key = "_"
        while key in frame.columns or key in self.agg:
            key += "_"
        whole = frame.copy(deep=False)
        # a category that is there whether rows are or not: of none there is a group too
        codes: Any = np.zeros(len(frame), dtype="int8")
        whole[key] = pd.Categorical.from_codes(codes, categories=pd.Index(["all"]))
        try:
            made = kernels.aggregate(whole, [key], self.agg, observed=False)
        except TransformError:
            raise
        except REFUSALS as error:
            raise self._refused(frame, error) from error
        return made.drop(columns=key)

    def _refused(self, frame: pd.DataFrame, error: Exception) -> DtypeUnsuitable:
        """The error of ours for one of pandas', of the first aggregation whose source alone may be at fault."""
        for name, one in self.agg.items():
            source: Any = one.text
            if source in frame.columns and str(frame[source].dtype) not in ("int64", "float64"):
                dtype = str(frame[source].dtype)
                detail = f"{one.function} cannot work on column {source!r} ({dtype}): {reason(error)}"
                return DtypeUnsuitable(detail, column=source, dtype=dtype, pointer=pointer("agg", name))
        return DtypeUnsuitable(f"{self.op}: {reason(error)}", pointer="/agg")

    def rows_after(self, given: int, others: Sequence[int]) -> int:  # noqa: ARG002  # there are none
        """One."""
        return 1

    def needs(self, wanted: Columns) -> Columns:  # noqa: ARG002  # every aggregation is made
        """The sources."""
        return frozenset(name for one in self.agg.values() for name in one.columns)
