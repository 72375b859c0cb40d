"""Values: what stands in the cells."""

from typing import Final

from jobs.transforms.base import Transform
from jobs.transforms.values.bins import Cut, QCut
from jobs.transforms.values.choose import Map, Mask, Where
from jobs.transforms.values.convert import ToDatetime, ToNumeric, ToTimedelta
from jobs.transforms.values.dummies import FromDummies, GetDummies
from jobs.transforms.values.fill import BFill, FFill, FillNa, Interpolate
from jobs.transforms.values.flags import IsNa, NotNa
from jobs.transforms.values.moves import Diff, PctChange, Shift
from jobs.transforms.values.numbers import Abs, Clip, Round
from jobs.transforms.values.rank import Rank
from jobs.transforms.values.replace import Replace
from jobs.transforms.values.running import CumMax, CumMin, CumProd, CumSum
from jobs.transforms.values.zones import TzConvert, TzLocalize

OPS: Final[tuple[type[Transform], ...]] = (
    Cut,
    QCut,
    Map,
    Mask,
    Where,
    ToDatetime,
    ToNumeric,
    ToTimedelta,
    FromDummies,
    GetDummies,
    BFill,
    FFill,
    FillNa,
    Interpolate,
    IsNa,
    NotNa,
    Diff,
    PctChange,
    Shift,
    Abs,
    Clip,
    Round,
    Rank,
    Replace,
    CumMax,
    CumMin,
    CumProd,
    CumSum,
    TzConvert,
    TzLocalize,
)
