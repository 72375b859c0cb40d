"""Failed casts in the mode that sets rows aside: the rows that do not fit go, the others are cast."""

from collections.abc import Iterator, Mapping

import numpy as np
import pyarrow as pa

from jobs.codecs.casting import Target, refusal_of, refused_values
from jobs.codecs.schema import cast, targets
from jobs.errors import CastFailed
from jobs.rejects import InputRejects, Reject, values_text

Reasons = dict[int, tuple[str, str]]


def cast_others(table: pa.Table, dtypes: Mapping[str, str], rejects: InputRejects, *, shown: bool) -> pa.Table:
    """The rows that `dtypes` fit, cast; the others are in `rejects`, with their values as text where `shown`.

    Raises as `cast` does where no single row is at fault, and RejectsExceeded.
    """
    try:
        return cast(table, dtypes, rejects.name)
    except CastFailed:
        reasons = _reasons(table, dtypes, rejects)
        if not reasons:
            raise
    positions = sorted(reasons)
    for position, row in zip(positions, rejects.rows_of(positions), strict=True):
        column, detail = reasons[position]
        raw = _row_text(table, position) if shown else ""
        rejects.add(Reject.of(row, CastFailed.code, detail, raw, column))
    return cast(without(table, positions), dtypes, rejects.name)


def without(table: pa.Table, positions: list[int]) -> pa.Table:
    """The table without the rows at these positions."""
    if not positions:
        return table
    keep = np.ones(table.num_rows, bool)
    keep[positions] = False
    return table.filter(pa.array(keep))


def _reasons(table: pa.Table, dtypes: Mapping[str, str], rejects: InputRejects) -> Reasons:
    """Per position the first column at fault and why."""
    reasons: Reasons = {}
    for place, target in targets(table, dtypes, rejects.name):
        for position, detail in _refusals(table.column(place), target, rejects.room + 1):
            reasons.setdefault(position, (target.column, detail))
    return reasons


def _refusals(values: pa.ChunkedArray, target: Target, most: int) -> Iterator[tuple[int, str]]:
    if not values.type.equals(target.type):
        for position in refused_values(values, target, most):
            yield position, refusal_of(values, position, target)


def _row_text(table: pa.Table, position: int) -> str:
    row = table.slice(position, 1)
    return values_text(dict(zip(table.column_names, (column[0].as_py() for column in row.columns), strict=True)))
