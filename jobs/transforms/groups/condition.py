"""A condition that decides about whole groups: `amount.sum() > 100`, every reduction being of the group's rows.

The expression is taken apart: each reduction is made of all groups at once, as `transform` would, and what is left is a
condition over one value per group.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from typing import Any, Final, TypeGuard

import pandas as pd

from jobs.codecs.blocks import frame_of
from jobs.errors import ArgumentInvalid
from jobs.expressions import Expression
from jobs.expressions.methods import METHODS
from jobs.expressions.reductions import REDUCTIONS
from jobs.expressions.tree import Call, Column, Node, Operation
from jobs.transforms.arguments import computed, plain, require_all
from jobs.transforms.base import Surroundings
from jobs.transforms.groups.along import spread
from jobs.transforms.groups.grouping import Grouping
from jobs.transforms.groups.kernels import naming, reduced
from jobs.transforms.groups.verb import Groups

# what these give of a row depends on the rows around it, which would have to be those of its group
_OF_OTHER_ROWS: Final = frozenset(
    ["bfill", "cummax", "cummin", "cumprod", "cumsum", "diff", "duplicated", "ffill", "pct_change", "rank", "shift"]
)


def check_condition(condition: Expression, by: frozenset[str]) -> None:
    """Raise ArgumentInvalid where the expression does not give one value for each group, whatever the data."""
    for node in _nodes(condition.tree):
        if isinstance(node, Call) and METHODS.get(node.entry.name) is node.entry and node.entry.name in _OF_OTHER_ROWS:
            detail = f"{node.entry.name} looks at other rows; make it a column with groupby and transform, then filter"
            raise ArgumentInvalid(detail)
    for name in _outside(condition.tree):
        if name not in by:
            detail = f"column {name!r} has many values in a group; reduce it, as in {name}.max(), or use query for rows"
            raise ArgumentInvalid(detail)


def filtered(frame: pd.DataFrame, condition: Expression, groups: Groups, _: Surroundings) -> pd.DataFrame:
    """The rows of the groups for which the condition is true, in their order; rows in no group are left out."""
    require_all(frame, sorted(condition.columns), "")
    grouping = groups.of(frame, observed=True)
    taking = _Taking(frame, grouping)
    tree = taking.apart(condition.tree, inside=False)
    per_group = taking.per_group(groups.by)
    keep = Expression(condition.text, tree, frozenset(tree.columns())).mask(per_group)
    kept = keep.take(grouping.ids.clip(0)) & (grouping.ids >= 0) if grouping.count else grouping.ids >= 0
    return plain(frame[kept])


@dataclass(slots=True)
class _Taking:
    """One evaluation: what became of the reductions, per group, and per row where others are made of them."""

    frame: pd.DataFrame
    grouping: Grouping
    made: dict[str, Any] = field(default_factory=dict)
    rows: dict[str, Any] = field(default_factory=dict)

    def apart(self, node: Node, *, inside: bool) -> Node:
        """The tree with a column in place of each reduction; `inside` of another one that column is of rows."""
        if _is_reduction(node):
            return Column(self._reduced(node, inside=inside))
        if isinstance(node, Operation):
            return replace(node, operands=tuple(self.apart(one, inside=inside) for one in node.operands))
        return node

    def _reduced(self, node: Call, *, inside: bool) -> str:
        operand = self.apart(node.operands[0], inside=True)
        name = f"\0{len(self.made)}"  # no column of a frame is called so
        column = self._column(operand)
        read = ", ".join(sorted(set(node.operands[0].columns()))) or "a literal"
        with naming(node.entry.name, read, column.dtype, ""):
            values = reduced(column, self.grouping, node.entry.name, dict(node.literals))
        self.made[name] = values
        if inside:
            self.rows[name] = spread(values, self.grouping)
        return name

    def _column(self, operand: Node) -> pd.Series:
        names = frozenset(operand.columns())
        frame = self.frame
        if any(name in self.rows for name in names):
            known = {name: self.rows[name] if name in self.rows else frame[name] for name in sorted(names)}
            frame = pd.DataFrame(known, index=frame.index, copy=False)
        return computed(frame, Expression("", operand, names), "")

    def per_group(self, by: tuple[str, ...]) -> pd.DataFrame:
        """A row for each group: its keys, and what the reductions gave."""
        keys = dict(zip(by, self.grouping.keys, strict=True))
        arrays = [*keys.values(), *self.made.values()]
        return frame_of([*keys, *self.made], arrays, self.grouping.count)


def _is_reduction(node: Node) -> TypeGuard[Call]:
    return isinstance(node, Call) and REDUCTIONS.get(node.entry.name) is node.entry


def _nodes(node: Node) -> Iterator[Node]:
    yield node
    for child in node.children():
        yield from _nodes(child)


def _outside(node: Node) -> Iterator[str]:
    """The columns that are read outside of reductions."""
    if isinstance(node, Column):
        yield node.name
    if not _is_reduction(node):
        for child in node.children():
            yield from _outside(child)
