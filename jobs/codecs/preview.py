"""The small JSON preview that stands in a job's record."""

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from jobs.codecs.cells import joined
from jobs.codecs.json_write import record_starts, rows_text

MAX_ROWS = 100
MAX_BYTES = 64 * 1024


def preview(table: pa.Table) -> tuple[bytes, bool]:
    """JSON records of the first rows, at most 100 and 64 KiB of them, and whether those are all rows and columns.

    A table with a repeated column name has no records: its preview is empty and incomplete.
    """
    names = table.column_names
    if len(set(names)) < len(names):
        return b"[]", False
    head = table.slice(0, MAX_ROWS).combine_chunks()
    if not names or not head.num_rows:
        return b"[" + b",".join([b"{}"] * head.num_rows) + b"]", head.num_rows == table.num_rows
    batch = head.to_batches()[0]
    rows = rows_text(batch, record_starts(names), "},")
    ends = np.cumsum(pc.binary_length(rows).to_numpy())
    # the brackets take the place of the last comma and one byte more
    fitting = int(np.searchsorted(ends, MAX_BYTES - 1, side="right"))
    if not fitting:
        return b"[]", False
    return b"[" + joined(rows.slice(0, fitting))[:-1] + b"]", fitting == table.num_rows
