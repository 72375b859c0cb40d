"""The conditions of a pipeline's first steps, applied to Arrow tables before anything else of them becomes pandas."""

from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np
import pandas as pd
import pyarrow as pa

from jobs.codecs.base import Extent
from jobs.codecs.frames import to_pandas
from jobs.codecs.picking import only
from jobs.errors import FramequeueError, StepFailed
from jobs.expressions import Expression
from jobs.expressions.outcomes import Range, harmless, may_be_true
from jobs.transforms.arguments import plain
from jobs.transforms.usage import ALL, Columns


@dataclass(frozen=True, slots=True)
class Conditions:
    """Conditions that rows meet one after the other, as queries in a row; of rows that do, the columns `kept` go on.

    The very evaluator of the steps decides on each row, over the columns that the conditions read; so nulls, NaN and
    types mean what they mean there, and it raises what the step would, without a pointer.
    """

    expressions: tuple[Expression, ...]
    kept: Columns = ALL
    columns: frozenset[str] = field(init=False)

    def __post_init__(self) -> None:
        """Note which columns are looked at."""
        object.__setattr__(self, "columns", frozenset().union(*(one.columns for one in self.expressions)))

    def holds(self, table: pa.Table) -> pa.BooleanArray:
        """Which rows of the table meet them all."""
        return pa.array(_mask(self.expressions, only(table, self.columns)))

    def may_hold(self, extents: Mapping[str, Extent]) -> bool:
        """Whether a row may meet them all, or fail one: false only where each row surely fails to meet one."""
        for one in self.expressions:
            if not one.columns <= extents.keys() or not harmless(one.tree):
                return True
            if not may_be_true(one.tree, {name: _range(extents[name]) for name in one.columns}):
                return False
        return True


def filtered(table: pa.Table, conditions: Conditions) -> pd.DataFrame:
    """The frame that the queries give of `table`, of the columns that are kept."""
    mask = _mask(conditions.expressions, only(table, conditions.columns))
    rest = only(table, conditions.kept)
    if any(pa.types.is_dictionary(type_) for type_ in rest.schema.types):
        return plain(to_pandas(rest)[mask])  # categories of rows that go stay
    return to_pandas(rest.filter(pa.array(mask)), as_declared=True)


def _mask(expressions: tuple[Expression, ...], table: pa.Table) -> np.ndarray:
    """Where all hold; raises FramequeueError alone."""
    try:
        frame = to_pandas(table, as_declared=True)
        mask: np.ndarray = expressions[0].mask(frame)
        for one in expressions[1:]:
            left = np.flatnonzero(mask)
            mask = np.zeros(len(frame), dtype=bool)
            mask[left[one.mask(plain(frame.iloc[left]))]] = True
    except FramequeueError:
        raise
    except Exception as error:  # as the step would have it
        raise StepFailed(error) from error
    return mask


def _range(extent: Extent) -> Range:
    ends = None if extent.ends is None else to_pandas(pa.table({"": extent.ends})).iloc[:, 0]
    is_float = ends is None or ends.dtype.kind == "f"
    # NaN counts as a value in a file, and is in no bounds
    return Range(ends, nulls=is_float or extent.nulls != 0, values=extent.nulls != extent.rows)
