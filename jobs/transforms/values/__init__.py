"""Values: what stands in the cells."""

from jobs.transforms.values.choose import Map, Mask, Where
from jobs.transforms.values.convert import ToDatetime, ToNumeric, ToTimedelta
from jobs.transforms.values.fill import BFill, FFill, FillNa, Interpolate
from jobs.transforms.values.flags import IsNa, NotNa
from jobs.transforms.values.moves import Diff, PctChange, Shift
from jobs.transforms.values.numbers import Abs, Clip, Round
from jobs.transforms.values.rank import Rank
from jobs.transforms.values.running import CumMax, CumMin, CumProd, CumSum
from jobs.transforms.values.zones import TzConvert, TzLocalize

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
    "Map",
    "Mask",
    "NotNa",
    "PctChange",
    "Rank",
    "Round",
    "Shift",
    "ToDatetime",
    "ToNumeric",
    "ToTimedelta",
    "TzConvert",
    "TzLocalize",
    "Where",
]
