"""Check: what a frame has to be like."""

from typing import Final

from jobs.transforms.base import Transform
from jobs.transforms.check.expect import Expect

OPS: Final[tuple[type[Transform], ...]] = (Expect,)
