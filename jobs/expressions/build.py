"""From Python's syntax tree to the checked tree: every node type, operator and name is looked up in a table."""

import ast
from collections.abc import Callable, Mapping
from decimal import Decimal
from typing import Any, NoReturn

from jobs.errors import ExpressionForbidden, ExpressionTooLarge
from jobs.expressions.calls import attribute, called, subscript
from jobs.expressions.folding import fold
from jobs.expressions.lexer import USUAL, Source
from jobs.expressions.refusals import NODE_HINTS
from jobs.expressions.tree import Chain, Choice, Column, Comparison, Constant, Logic, Negation, Node, Sign
from jobs.expressions.values import Clash, WrittenFloat

_BINARY: Mapping[type[ast.operator], str] = {
    ast.Add: "+",
    ast.Sub: "-",
    ast.Mult: "*",
    ast.Div: "/",
    ast.FloorDiv: "//",
    ast.Mod: "%",
    ast.Pow: "**",
    ast.BitXor: "^",
}
_COMPARE: Mapping[type[ast.cmpop], str] = {
    ast.Eq: "==",
    ast.NotEq: "!=",
    ast.Lt: "<",
    ast.LtE: "<=",
    ast.Gt: ">",
    ast.GtE: ">=",
    ast.In: "in",
    ast.NotIn: "not in",
}


class Builder:
    """One source on its way to a tree."""

    def __init__(self, source: Source, max_depth: int = USUAL.depth) -> None:
        self.source, self._max_depth = source, max_depth
        self._depth = 0
        self._handlers: Mapping[type[ast.expr], Callable[[Any], Node]] = {
            ast.Constant: self._constant,
            ast.Name: self._column,
            ast.BinOp: self._binary,
            ast.UnaryOp: self._unary,
            ast.BoolOp: self._logic,
            ast.Compare: self._comparison,
            ast.IfExp: self._choice,
            ast.List: self._list,
            ast.Tuple: self._list,
            ast.Call: lambda call: called(self, call),
            ast.Attribute: lambda attr: attribute(self, attr),
            ast.Subscript: lambda item: subscript(self, item),
        }

    def build(self, node: ast.expr) -> Node:
        """The checked node; raises an ExpressionError at its position."""
        handler = self._handlers.get(type(node))
        if handler is None:
            self.refuse(NODE_HINTS.get(type(node), f"{type(node).__name__} is not part of an expression"), node)
        self._depth += 1
        if self._depth > self._max_depth:
            detail = f"the expression is nested more than {self._max_depth} deep; split it over assign steps"
            raise ExpressionTooLarge(detail, text=self.source.text, position=self.source.position(node))
        try:
            return handler(node)
        except Clash as clash:
            raise self.refusal(str(clash), node) from None
        finally:
            self._depth -= 1

    def refuse(self, detail: str, node: ast.AST) -> NoReturn:
        """Raise ExpressionForbidden at `node`."""
        raise self.refusal(detail, node)

    def refusal(self, detail: str, node: ast.AST) -> ExpressionForbidden:
        """The error at `node`."""
        return ExpressionForbidden(detail, text=self.source.text, position=self.source.position(node))

    def written(self, name: str) -> str:
        """A name as it stands in the text."""
        return self.source.names.get(name, name)

    def _constant(self, node: ast.Constant) -> Node:
        if isinstance(node.value, float):
            text = self.source.numbers[node.col_offset].replace("_", "")
            return Constant(WrittenFloat(node.value, Decimal(text)))
        if node.value is not None and not isinstance(node.value, (bool, int, str)):
            self.refuse(f"{node.value!r} is not part of an expression", node)
        return Constant(node.value)

    def _column(self, node: ast.Name) -> Node:
        return Column(self.written(node.id))

    def _binary(self, node: ast.BinOp) -> Node:
        """A chain that leans to the left is one node, however long it is."""
        signs, operands, rest = [self._sign(node)], [node.right], node.left
        while isinstance(rest, ast.BinOp):
            signs.append(self._sign(rest))
            operands.append(rest.right)
            rest = rest.left
        built = [self.build(rest), *(self.build(operand) for operand in reversed(operands))]
        return fold(Chain(tuple(built), tuple(reversed(signs))))

    def _sign(self, node: ast.BinOp) -> str:
        sign = _BINARY.get(type(node.op))
        if sign is None:
            self.refuse("this operator is not part of an expression", node)
        return sign

    def _unary(self, node: ast.UnaryOp) -> Node:
        operand = self.build(node.operand)
        if isinstance(node.op, (ast.Not, ast.Invert)):
            return Negation((operand,))
        return fold(Sign((operand,), "-" if isinstance(node.op, ast.USub) else "+"))

    def _logic(self, node: ast.BoolOp) -> Node:
        return Logic(tuple(self.build(value) for value in node.values), every=isinstance(node.op, ast.And))

    def _comparison(self, node: ast.Compare) -> Node:
        signs = []
        for operator in node.ops:
            sign = _COMPARE.get(type(operator))
            if sign is None:
                self.refuse("is compares no values; write x.isna() or x.notna() for null, == for the rest", node)
            signs.append(sign)
        operands = tuple(self.build(operand) for operand in (node.left, *node.comparators))
        for sign, right in zip(signs, operands[1:], strict=True):
            if isinstance(right, Constant) and right.literal is None:
                self.refuse(f"{sign} None is never true; write x.isna() or x.notna()", node)
        return Comparison(operands, tuple(signs))

    def _choice(self, node: ast.IfExp) -> Node:
        return Choice((self.build(node.test), self.build(node.body), self.build(node.orelse)))

    def _list(self, node: ast.List | ast.Tuple) -> Node:
        literals = []
        for element in node.elts:
            built = self.build(element)
            if not isinstance(built, Constant) or isinstance(built.literal, tuple):
                self.refuse("a list holds literals only; compare with == and or for columns", element)
            literals.append(built.literal)
        return Constant(tuple(literals))
