"""What the dtypes of computed columns follow from."""

from collections.abc import Iterable
from typing import Final

from jobs.expressions import Expression
from jobs.expressions.tree import Call, Node
from jobs.transforms.follows import Follows

# null of no rows, of whatever dtype: what is computed with them may have another dtype where there are rows
_NULL_OF_NOTHING: Final = frozenset({"max", "mean", "median", "min", "quantile", "std"})


def follows_of(expressions: Iterable[Expression]) -> Follows:
    """From what the dtypes of columns by these expressions follow: mostly from dtypes alone."""
    return Follows.NAMES if any(_of_values(one.tree) for one in expressions) else Follows.WHOLLY


def _of_values(node: Node) -> bool:
    reduced = isinstance(node, Call) and node.entry.name in _NULL_OF_NOTHING
    return reduced or any(_of_values(below) for below in node.children())
