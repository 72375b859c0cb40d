"""Combine: several frames become one."""

from typing import Final

from jobs.transforms.base import Transform
from jobs.transforms.combine.asof import MergeAsof
from jobs.transforms.combine.compare import Compare
from jobs.transforms.combine.concat import Concat
from jobs.transforms.combine.merge import Merge
from jobs.transforms.combine.ordered import MergeOrdered
from jobs.transforms.combine.patch import CombineFirst, Update

OPS: Final[tuple[type[Transform], ...]] = (
    CombineFirst,
    Compare,
    Concat,
    Merge,
    MergeAsof,
    MergeOrdered,
    Update,
)
