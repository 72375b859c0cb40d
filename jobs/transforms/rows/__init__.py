"""Rows: which of them stay, and in what order."""

from typing import Final

from jobs.transforms.base import Transform
from jobs.transforms.rows.conditions import DropNa, Query
from jobs.transforms.rows.duplicates import DropDuplicates
from jobs.transforms.rows.order import NLargest, NSmallest, SortValues
from jobs.transforms.rows.position import Head, Slice, Tail

OPS: Final[tuple[type[Transform], ...]] = (
    DropNa,
    Query,
    DropDuplicates,
    NLargest,
    NSmallest,
    SortValues,
    Head,
    Slice,
    Tail,
)
