"""Combine: several frames become one."""

from typing import Final

from jobs.transforms.base import Transform
from jobs.transforms.combine.asof import MergeAsof
from jobs.transforms.combine.concat import Concat
from jobs.transforms.combine.merge import Merge

OPS: Final[tuple[type[Transform], ...]] = (
    Concat,
    Merge,
    MergeAsof,
)
