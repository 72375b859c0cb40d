"""Reshape: rows become columns, and columns rows."""

from typing import Final

from jobs.transforms.base import Transform
from jobs.transforms.reshape.long import Melt, Stack
from jobs.transforms.reshape.pivot import Pivot, Unstack

OPS: Final[tuple[type[Transform], ...]] = (
    Melt,
    Stack,
    Pivot,
    Unstack,
)
