"""Reshape: rows become columns, and columns rows."""

from typing import Final

from jobs.transforms.base import Transform
from jobs.transforms.reshape.crosstab import Crosstab
from jobs.transforms.reshape.explode import Explode
from jobs.transforms.reshape.json_normalize import JsonNormalize
from jobs.transforms.reshape.long import Melt, Stack
from jobs.transforms.reshape.pivot import Pivot, Unstack
from jobs.transforms.reshape.pivot_table import PivotTable
from jobs.transforms.reshape.transpose import Transpose
from jobs.transforms.reshape.wide_to_long import WideToLong

OPS: Final[tuple[type[Transform], ...]] = (
    Melt,
    Stack,
    Pivot,
    Unstack,
    Explode,
    PivotTable,
    Crosstab,
    Transpose,
    WideToLong,
    JsonNormalize,
)
