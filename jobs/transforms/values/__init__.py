"""Values: what stands in the cells."""

from jobs.transforms.values.fill import BFill, FFill, FillNa, Interpolate
from jobs.transforms.values.flags import IsNa, NotNa
from jobs.transforms.values.moves import Diff, PctChange, Shift
from jobs.transforms.values.numbers import Abs, Clip, Round
from jobs.transforms.values.rank import Rank
from jobs.transforms.values.running import CumMax, CumMin, CumProd, CumSum

__all__ = [
    "Abs",
    "BFill",
    "Clip",
    "CumMax",
    "CumMin",
    "CumProd",
    "CumSum",
    "Diff",
    "FFill",
    "FillNa",
    "Interpolate",
    "IsNa",
    "NotNa",
    "PctChange",
    "Rank",
    "Round",
    "Shift",
]
