"""Reshape: rows become columns, and columns rows."""

from typing import Final

from jobs.transforms.base import Transform

OPS: Final[tuple[type[Transform], ...]] = ()
