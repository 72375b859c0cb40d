"""The condition of a pipeline's first step, applied to the Arrow table before anything else of it becomes pandas."""

import pandas as pd
import pyarrow as pa

from jobs.codecs.frames import to_pandas
from jobs.codecs.picking import only
from jobs.expressions import Expression
from jobs.transforms.arguments import plain
from jobs.transforms.usage import Columns


def filtered(table: pa.Table, condition: Expression, kept: Columns) -> pd.DataFrame:
    """The frame that `query` gives of `table`, of the columns `kept` (None for all).

    The very evaluator of the step decides on each row, over the columns that the condition reads; so nulls, NaN and
    types mean what they mean there, and it raises what the step would, without a pointer.
    """
    mask = condition.mask(to_pandas(only(table, condition.columns)))
    rest = only(table, kept)
    if any(pa.types.is_dictionary(type_) for type_ in rest.schema.types):
        return plain(to_pandas(rest)[mask])  # categories of rows that go stay
    return to_pandas(rest.filter(pa.array(mask)), as_declared=True)
