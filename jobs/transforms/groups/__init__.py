"""Groups and windows: rows that belong together, and rows beside each other."""

from typing import Final

from jobs.transforms.base import Transform
from jobs.transforms.groups.groupby import GroupBy

OPS: Final[tuple[type[Transform], ...]] = (GroupBy,)
