"""Check: what a frame has to be like."""

from typing import Final

from jobs.transforms.base import Transform

OPS: Final[tuple[type[Transform], ...]] = ()
