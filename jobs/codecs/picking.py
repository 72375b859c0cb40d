"""Which columns of an input are decoded: those that are asked for by name, and one at least, whose rows are counted."""

from collections.abc import Sequence

import pyarrow as pa


def picked(names: Sequence[str], columns: frozenset[str] | None) -> list[int]:
    """The positions to read, in their order; all where `columns` is None, the first where none has such a name."""
    if columns is None:
        return list(range(len(names)))
    return [position for position, name in enumerate(names) if name in columns] or list(range(min(1, len(names))))


def only(table: pa.Table, columns: frozenset[str] | None) -> pa.Table:
    """The table with the picked columns."""
    positions = picked(table.column_names, columns)
    return table if len(positions) == table.num_columns else table.select(positions)
