"""What a node of an expression is: a condition or a value, a function or a method, and of what."""

from typing import Final

from jobs.expressions.functions import FUNCTIONS
from jobs.expressions.methods import METHODS
from jobs.expressions.reductions import REDUCTIONS
from jobs.expressions.texts import TEXTS
from jobs.expressions.times import TIMES
from jobs.expressions.tree import Call, Chain, Comparison, Constant, Logic, Negation, Node

COMPARING: Final = {"eq": "==", "ne": "!=", "lt": "<", "le": "<=", "gt": ">", "ge": ">="}
"""Methods that are comparisons."""
NEVER_NULL: Final = frozenset({"isna", "isnull", "notna", "notnull", "isin", "duplicated"})
_TABLES: Final = (("function", FUNCTIONS), ("method", METHODS), ("str", TEXTS), ("dt", TIMES))
_PREDICATES: Final = frozenset(["contains", "match", "fullmatch", "startswith", "endswith"])
_CONDITIONS: Final = frozenset([*COMPARING, *NEVER_NULL, "between", "isfinite"])


def kind_of(call: Call) -> str:
    """`function`, `method`, `str` or `dt`."""
    return next(kind for kind, table in _TABLES if table.get(call.entry.name) is call.entry)


def is_condition(node: Node) -> bool:
    """Whether a node is a condition by its form; a column of truths is a value here."""
    if isinstance(node, Comparison):
        return True
    if isinstance(node, (Logic, Negation)):
        return any(map(is_condition, node.operands))
    if isinstance(node, Chain):
        return set(node.signs) == {"^"} and all(map(is_condition, node.operands))
    if isinstance(node, Call):
        name = node.entry.name
        return name in _CONDITIONS or (kind_of(node) == "str" and (name in _PREDICATES or name.startswith("is")))
    return False


def is_scalar(node: Node) -> bool:
    """Whether a node is one value of the whole frame: a literal, or what reductions and literals make."""
    if isinstance(node, Constant):
        return True
    if isinstance(node, Call) and kind_of(node) == "method" and node.entry.name in REDUCING:
        return True
    operands = list(node.children())
    return bool(operands) and all(map(is_scalar, operands))


REDUCING: Final = frozenset(REDUCTIONS)
"""Methods that make one value of a whole column."""
