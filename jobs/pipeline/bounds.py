"""How large a pipeline may be."""

from dataclasses import dataclass, field
from typing import Self

from config.sections import LimitSettings
from jobs.expressions import Extent


@dataclass(frozen=True, slots=True)
class Bounds:
    """The most steps, and how large an expression may be."""

    steps: int = 200
    expressions: Extent = field(default_factory=Extent)

    @classmethod
    def of(cls, limits: LimitSettings) -> Self:
        """Those of the settings."""
        return cls(limits.steps, Extent(limits.expression_chars, limits.expression_depth))


USUAL = Bounds()
