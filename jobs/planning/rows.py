"""About how many rows a step gives, told from those it is given: by simple rules, without data.

Mostly the most there can be; of a `merge` by keys what keys that are unique on one side would give.
"""

from collections.abc import Callable, Mapping, Sequence
from types import MappingProxyType
from typing import Any, Final

from jobs.transforms import aggregate, columns, combine, groups, order, rows, values
from jobs.transforms.base import Transform

_STATISTICS: Final = 8  # count, unique, top, freq, mean, std, min, max; beside the percentiles
_PERCENTILES: Final = 3


def rows_after(step: Transform, given: int, others: Sequence[int]) -> int | None:
    """The rows of the step's result, or None where nothing can be said.

    `others` are the rows of the frames it `uses()`, in their order.
    """
    rule = _RULES.get(type(step))
    return None if rule is None else rule(step, given, others)


def has_rule(transform: type[Transform]) -> bool:
    """Whether anything can be said about the rows of this op."""
    return transform in _RULES


def _same(_: Any, given: int, __: Sequence[int]) -> int:
    return given


def _first(step: rows.Head | rows.Tail, given: int, _: Sequence[int]) -> int:
    return min(given, step.n) if step.n >= 0 else max(0, given + step.n)


def _slice(step: rows.Slice, given: int, _: Sequence[int]) -> int:
    return len(range(given)[step.start : step.stop])


def _extreme(step: order.NLargest | order.NSmallest, given: int, _: Sequence[int]) -> int:
    return given if step.keep == "all" else max(0, min(given, step.n))


def _describe(step: aggregate.Describe, _: int, __: Sequence[int]) -> int:
    return _STATISTICS + (_PERCENTILES if step.percentiles is None else len(step.percentiles))


def _groups(step: groups.GroupBy, given: int, _: Sequence[int]) -> int | None:
    return given if step.observed else None  # every category is a group, whether it occurs or not


def _merge(step: combine.Merge, given: int, others: Sequence[int]) -> int:
    right = others[0]
    by_how = {
        "cross": given * right,
        "semi": given,
        "left_anti": given,
        "right_anti": right,
        "left": given,
        "right": right,
        "outer": given + right,
    }
    return by_how.get(step.how, max(given, right))


def _concat(step: combine.Concat, given: int, others: Sequence[int]) -> int:
    if step.axis in (0, "index"):
        return given + sum(others)
    return max(given, *others) if step.join == "outer" else min(given, *others)


_RULES: Final[Mapping[type[Transform], Callable[[Any, int, Sequence[int]], int | None]]] = MappingProxyType(
    {
        aggregate.Describe: _describe,
        columns.AsType: _same,
        columns.Assign: _same,
        columns.Drop: _same,
        columns.Rename: _same,
        columns.Select: _same,
        combine.Concat: _concat,
        combine.Merge: _merge,
        groups.GroupBy: _groups,
        order.NLargest: _extreme,
        order.NSmallest: _extreme,
        order.SortValues: _same,
        rows.DropDuplicates: _same,
        rows.DropNa: _same,
        rows.Head: _first,
        rows.Query: _same,
        rows.Slice: _slice,
        rows.Tail: _first,
        values.FillNa: _same,
    }
)
