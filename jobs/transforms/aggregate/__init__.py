"""Aggregates of the whole frame."""

from typing import Final

from jobs.transforms.aggregate.agg import Agg
from jobs.transforms.aggregate.counts import ValueCounts
from jobs.transforms.aggregate.describe import Describe
from jobs.transforms.aggregate.spread import Kurt, Sem, Skew, Std, Var
from jobs.transforms.aggregate.tables import Corr, Cov, MemoryUsage, Mode, Quantile
from jobs.transforms.aggregate.totals import Count, Max, Mean, Median, Min, NUnique, Prod, Sum
from jobs.transforms.aggregate.truth import AllTrue, AnyTrue, IdxMax, IdxMin
from jobs.transforms.base import Transform

OPS: Final[tuple[type[Transform], ...]] = (
    Agg,
    Describe,
    Kurt,
    Sem,
    Skew,
    Std,
    Var,
    Corr,
    Cov,
    MemoryUsage,
    Mode,
    Quantile,
    ValueCounts,
    Count,
    Max,
    Mean,
    Median,
    Min,
    NUnique,
    Prod,
    Sum,
    AllTrue,
    AnyTrue,
    IdxMax,
    IdxMin,
)
