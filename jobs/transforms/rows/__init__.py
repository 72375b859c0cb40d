"""Rows: which of them stay, and in what order."""

from typing import Final

from jobs.transforms.base import Transform
from jobs.transforms.rows.conditions import DropNa, Query
from jobs.transforms.rows.duplicates import DropDuplicates, Duplicated
from jobs.transforms.rows.membership import IsIn
from jobs.transforms.rows.order import NLargest, NSmallest, SortValues
from jobs.transforms.rows.position import Head, Slice, Tail
from jobs.transforms.rows.sample import Sample
from jobs.transforms.rows.times import AtTime, BetweenTime, Truncate

OPS: Final[tuple[type[Transform], ...]] = (
    DropNa,
    Query,
    DropDuplicates,
    Duplicated,
    IsIn,
    NLargest,
    NSmallest,
    SortValues,
    Head,
    Slice,
    Tail,
    Sample,
    AtTime,
    BetweenTime,
    Truncate,
)
