"""Groups and windows: rows that belong together, and rows beside each other."""

from typing import Final

from jobs.transforms.base import Transform
from jobs.transforms.groups.groupby import GroupBy
from jobs.transforms.groups.resampling import AsFreq, Resample
from jobs.transforms.groups.weights import Ewm
from jobs.transforms.groups.windows import Expanding, Rolling

OPS: Final[tuple[type[Transform], ...]] = (GroupBy, Rolling, Expanding, Ewm, Resample, AsFreq)
