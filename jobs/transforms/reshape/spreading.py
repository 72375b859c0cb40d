"""The one way from rows to a table: keys down, keys across, a value in each cell."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
import pandas as pd

from jobs.errors import ArgumentInvalid
from jobs.transforms.arguments import Scalar
from jobs.transforms.base import Surroundings
from jobs.transforms.reshape.axis import Axis
from jobs.transforms.reshape.combinations import Side
from jobs.transforms.reshape.grid import cells, check_cells, filled, places, table, values_of
from jobs.transforms.reshape.labels import joined, texts


@dataclass(frozen=True, slots=True)
class Spreading:
    """How a table is filled: `lone` leaves the values' name out of the columns', `twice` points at the keys."""

    lone: bool = False
    fill: Scalar = None
    twice: str = ""


def side_of(
    frame: pd.DataFrame,
    names: Sequence[str],
    around: Surroundings,
    what: Literal["rows", "columns"],
    at: str,
    *,
    sort: bool = True,
) -> Axis:
    """The keys of a side, null among them: first where they are sorted, as pandas has it."""
    limit = around.max_rows if what == "rows" else around.max_columns
    return Axis.of(
        [frame[name] for name in names], Side(nulls="first", sort=sort, whole=True, what=what, limit=limit, at=at)
    )


def spread(
    frame: pd.DataFrame, down: Axis, across: Axis, values: Sequence[str], around: Surroundings, how: Spreading
) -> pd.DataFrame:
    """The table of these values, whose cells hold one value each at most.

    Raises OutputTooLarge before it is made, ArgumentInvalid where two rows meet in a cell.
    """
    check_cells(down.count, len(down.names) + across.count * len(values), around, "/columns" if how.lone else how.twice)
    at = places(down, across)
    _check_once(at, down, across, how.twice)
    keys = names_of(across)
    names, columns = [], []
    for value in values:
        given = values_of(frame[value])
        names += keys if how.lone else joined((value, key) for key in keys)
        columns += [filled_cells(given, at[:, place], how.fill) for place in range(across.count)]
    return table(down, names, columns, "/columns" if how.lone else how.twice)


def filled_cells(values: Any, at: np.ndarray[Any, Any], fill: Scalar) -> Any:
    """One column of the table, its empty cells filled."""
    return filled(cells(values, at), at < 0, fill, "/fill_value")


def names_of(across: Axis) -> list[str]:
    """The name of each key: the texts of its values, joined."""
    return joined(zip(*map(texts, across.keys), strict=True))


def _check_once(at: np.ndarray[Any, Any], down: Axis, across: Axis, pointer: str) -> None:
    there = (down.ids >= 0) & (across.ids >= 0)
    if int(there.sum()) == int((at >= 0).sum()):
        return
    rows = np.flatnonzero(there)
    hidden = rows[at[down.ids[rows], across.ids[rows]] != rows][0]
    last = at[down.ids[hidden], across.ids[hidden]]
    raise ArgumentInvalid(
        f"rows {hidden + 1} and {last + 1} have the same keys, and a cell holds one value; "
        "pivot_table aggregates them, drop_duplicates keeps one",
        pointer,
    )
