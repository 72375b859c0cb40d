"""The checked tree: what `build` makes of the text, and its evaluation by walking.

Nothing here reads a name from the input but column names, which are only looked up among the frame's columns.
"""

from abc import ABC, abstractmethod
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import reduce
from operator import and_, or_
from typing import Any, Final

import numpy as np

from jobs.errors import DtypeUnsuitable
from jobs.expressions.arithmetic import arithmetic
from jobs.expressions.choose import choose
from jobs.expressions.compare import COMPARE, compare
from jobs.expressions.entries import Entry
from jobs.expressions.logic import as_condition, exclusive_or, kleene_and, kleene_or, negation
from jobs.expressions.membership import member
from jobs.expressions.scope import Scope
from jobs.expressions.times import field
from jobs.expressions.values import Clash, Logical, Value, family


@dataclass(frozen=True, slots=True)
class Node(ABC):
    """The base of all nodes; `children` are the operands, for finding columns."""

    @abstractmethod
    def value(self, scope: Scope) -> Value:
        """The node's value over the scope's frame."""

    def truth(self, scope: Scope) -> Any:
        """Where the node's condition is true, neither false nor null; raises Clash where it is none."""
        return as_condition("a filter", self.value(scope)).truth

    def children(self) -> Iterator["Node"]:
        """The nodes directly below."""
        yield from ()

    def columns(self) -> Iterator[str]:
        """Every column name that is read in or below this node."""
        for child in self.children():
            yield from child.columns()


@dataclass(frozen=True, slots=True)
class Constant(Node):
    """A literal."""

    literal: Any

    def value(self, scope: Scope) -> Value:  # noqa: ARG002  a literal needs no frame
        """The value over the scope\'s frame."""
        return self.literal


@dataclass(frozen=True, slots=True)
class Column(Node):
    """A column by name."""

    name: str

    def value(self, scope: Scope) -> Value:
        """The value over the scope\'s frame."""
        return scope.column(self.name)

    def columns(self) -> Iterator[str]:
        """Every column name that is read in or below this node."""
        yield self.name


@dataclass(frozen=True, slots=True)
class Operation(Node):
    """An operation on operands; `apply` gets their values and raises Clash where they do not fit."""

    operands: tuple[Node, ...]

    def children(self) -> Iterator[Node]:
        """The nodes directly below."""
        yield from self.operands

    def value(self, scope: Scope) -> Value:
        """The value over the scope\'s frame."""
        values = [operand.value(scope) for operand in self.operands]
        try:
            return self.apply(values, scope)
        except Clash as clash:
            raise unsuitable(str(clash), self.operands, scope) from None

    @abstractmethod
    def apply(self, values: list[Value], scope: Scope) -> Value:
        """The result for these operand values."""


@dataclass(frozen=True, slots=True)
class Chain(Operation):
    """Arithmetic from left to right: `operands[0] signs[0] operands[1] …`."""

    signs: tuple[str, ...]

    def apply(self, values: list[Value], scope: Scope) -> Value:
        """The result for these operand values."""
        result = values[0]
        for sign, value in zip(self.signs, values[1:], strict=True):
            result = exclusive_or(result, value) if sign == "^" else arithmetic(sign, result, value, scope.index)
        return result


@dataclass(frozen=True, slots=True)
class Logic(Operation):
    """`and` or `or` of any number of conditions."""

    every: bool

    def truth(self, scope: Scope) -> Any:
        """What is true of the conditions decides, whatever is null."""
        parts = [operand.truth(scope) for operand in self.operands]
        return reduce(and_ if self.every else or_, parts)

    def apply(self, values: list[Value], scope: Scope) -> Value:  # noqa: ARG002  the frame is in the values
        """The result for these operand values."""
        combine = kleene_and if self.every else kleene_or
        result = values[0]
        for value in values[1:]:
            result = combine(result, value)
        return result


@dataclass(frozen=True, slots=True)
class Negation(Operation):
    """`not` and `~`."""

    def apply(self, values: list[Value], scope: Scope) -> Value:  # noqa: ARG002  the frame is in the values
        """The result for these operand values."""
        return negation(values[0])


@dataclass(frozen=True, slots=True)
class Sign(Operation):
    """Unary minus and plus."""

    sign: str

    def apply(self, values: list[Value], scope: Scope) -> Value:
        """The result for these operand values."""
        if family(values[0]) == "span":
            return -values[0] if self.sign == "-" else values[0]
        return arithmetic("*", values[0], -1 if self.sign == "-" else 1, scope.index)


@dataclass(frozen=True, slots=True)
class Comparison(Operation):
    """A chain of comparisons, all of which must hold."""

    signs: tuple[str, ...]

    def truth(self, scope: Scope) -> Any:
        """Of plain numbers what NumPy says: of its comparisons only `!=` is true of NaN."""
        if not _ORDER.issuperset(self.signs):
            return Node.truth(self, scope)
        values = [operand.value(scope) for operand in self.operands]
        if not all(map(_is_plain_number, values)):
            return Node.truth(self, scope)
        return reduce(and_, (COMPARE[sign](*values[at : at + 2]) for at, sign in enumerate(self.signs)))

    def apply(self, values: list[Value], scope: Scope) -> Value:
        """The result for these operand values."""
        result: Value = None
        for position, sign in enumerate(self.signs):
            one = _compared(sign, values[position], values[position + 1], scope)
            result = one if position == 0 else kleene_and(result, one)
        return result


_ORDER: Final = frozenset(["<", "<=", ">", ">=", "=="])


def _is_plain_number(value: Value) -> bool:
    return isinstance(value, (np.ndarray, int, float)) and not isinstance(value, bool)


def _compared(sign: str, left: Value, right: Value, scope: Scope) -> Logical:
    if sign in {"in", "not in"} or "list" in (family(left), family(right)):
        found = member(left, right, scope.index)
        return negation(found) if sign in {"not in", "!="} else found
    return compare(sign, left, right)


@dataclass(frozen=True, slots=True)
class Choice(Operation):
    """`yes if condition else no`, row by row; operands are condition, yes, no."""

    def apply(self, values: list[Value], scope: Scope) -> Value:
        """The result for these operand values."""
        return choose(as_condition("if", values[0]), values[1], values[2], scope.index)


@dataclass(frozen=True, slots=True)
class Call(Operation):
    """A call of an entry of the allow-lists: the last operands are the arguments `names`, the others come first."""

    entry: Entry
    names: tuple[str, ...]
    literals: Mapping[str, Any]

    def apply(self, values: list[Value], scope: Scope) -> Value:
        """The result for these operand values."""
        first = len(values) - len(self.names)
        named = dict(zip(self.names, values[first:], strict=True))
        return self.entry.apply(scope.index, *values[:first], **named, **self.literals)


@dataclass(frozen=True, slots=True)
class Field(Operation):
    """A property of `.dt`."""

    name: str

    def apply(self, values: list[Value], scope: Scope) -> Value:  # noqa: ARG002  the frame is in the values
        """The result for these operand values."""
        return field(values[0], self.name)


def unsuitable(detail: str, operands: tuple[Node, ...], scope: Scope) -> DtypeUnsuitable:
    """The error of a clash, naming the columns involved with their dtypes."""
    names = list(dict.fromkeys(name for operand in operands for name in operand.columns()))
    dtypes = {name: str(scope.raw(name).dtype) for name in names[:4]}
    shown = ", ".join(f"column {name!r} is {dtype}" for name, dtype in dtypes.items())
    first = names[0] if names else None
    return DtypeUnsuitable(
        f"{detail} ({shown})" if shown else detail, column=first, dtype=dtypes[first] if first is not None else None
    )
