"""Aggregates of the whole frame."""

from jobs.transforms.aggregate.describe import Describe
from jobs.transforms.aggregate.spread import Kurt, Sem, Skew, Std, Var
from jobs.transforms.aggregate.tables import Corr, Cov, MemoryUsage, Mode, Quantile, ValueCounts
from jobs.transforms.aggregate.totals import Count, Max, Mean, Median, Min, NUnique, Prod, Sum
from jobs.transforms.aggregate.truth import AllTrue, AnyTrue, IdxMax, IdxMin

__all__ = [
    "AllTrue",
    "AnyTrue",
    "Corr",
    "Count",
    "Cov",
    "Describe",
    "IdxMax",
    "IdxMin",
    "Kurt",
    "Max",
    "Mean",
    "Median",
    "MemoryUsage",
    "Min",
    "Mode",
    "NUnique",
    "Prod",
    "Quantile",
    "Sem",
    "Skew",
    "Std",
    "Sum",
    "ValueCounts",
    "Var",
]
