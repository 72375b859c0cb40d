"""Calls, properties and `.str[…]`: from names in the text to entries of the allow-lists, arguments checked."""

import ast
from typing import Any, NoReturn, Protocol

from jobs.expressions.entries import REQUIRED, Entry, Param, Table
from jobs.expressions.functions import FUNCTIONS
from jobs.expressions.methods import METHODS
from jobs.expressions.periods import PERIOD_FIELDS
from jobs.expressions.refusals import FUNCTION_HINTS, METHOD_HINTS
from jobs.expressions.texts import TEXTS
from jobs.expressions.times import MOMENT_FIELDS, SPAN_FIELDS, TIMES
from jobs.expressions.tree import Call, Column, Constant, Field, Node
from jobs.expressions.values import Clash
from jobs.hints import did_you_mean

_FIELDS = {**MOMENT_FIELDS, **SPAN_FIELDS, **PERIOD_FIELDS}
_ISO = {"year": "isoyear", "week": "week", "day": "isoday"}
_ACCESSORS = {"str": TEXTS, "dt": TIMES}


class Building(Protocol):
    """What this module needs of the builder."""

    def build(self, node: ast.expr) -> Node:
        """The checked node."""
        ...

    def refuse(self, detail: str, node: ast.AST) -> NoReturn:
        """Raise ExpressionForbidden at `node`."""
        ...

    def written(self, name: str) -> str:
        """A name as it stands in the text."""
        ...


def called(builder: Building, node: ast.Call) -> Node:
    """The node of `f(…)`, `x.m(…)`, `x.str.m(…)` or `x.dt.m(…)`."""
    function = node.func
    if isinstance(function, ast.Name):
        name = builder.written(function.id)
        entry = _known(builder, "function", name, FUNCTIONS, FUNCTION_HINTS.get(name), node)
        return _bound(builder, entry, (), node)
    if not isinstance(function, ast.Attribute):
        builder.refuse("only a function or a method by its name can be called", node)
    name, below = builder.written(function.attr), function.value
    if isinstance(below, ast.Attribute) and below.attr in _ACCESSORS:
        accessor = below.attr
        if accessor == "dt" and name in _FIELDS:
            builder.refuse(f".dt.{name} is a property; write it without ()", node)
        known = _ACCESSORS[accessor]
        entry = _known(builder, f"method .{accessor}.", name, known, None, node)
        return _bound(builder, entry, (_operand(builder, below.value),), node)
    hint = METHOD_HINTS.get(name) or _elsewhere(name)
    entry = _known(builder, "method .", name, METHODS, hint, node)
    return _bound(builder, entry, (_operand(builder, below),), node)


def _operand(builder: Building, node: ast.expr) -> Node:
    operand = builder.build(node)
    if isinstance(operand, Constant):
        builder.refuse("a literal has no methods; a method follows a column", node)
    return operand


def _elsewhere(name: str) -> str | None:
    for accessor, known in _ACCESSORS.items():
        if name in known or (accessor == "dt" and name in _FIELDS):
            return f"write x.{accessor}.{name}{'' if name in _FIELDS else '(…)'}"
    return f"write {name}(x)" if name in FUNCTIONS else None


def _known(builder: Building, kind: str, name: str, known: Table, hint: str | None, node: ast.AST) -> Entry:
    entry = known.get(name)
    if entry is None:
        advice = f"; {hint}" if hint else did_you_mean(name, known)
        builder.refuse(f"there is no {kind}{' ' if kind[-1].isalpha() else ''}{name}{advice}", node)
    return entry


def attribute(builder: Building, node: ast.Attribute) -> Node:
    """The node of a property `x.dt.year` or `x.dt.isocalendar().week`; every other attribute is refused."""
    name, below = builder.written(node.attr), node.value
    dates = _calendar(below)
    if dates is not None and name in _ISO:
        return Field((_operand(builder, dates),), _ISO[name])
    behind = below.attr if isinstance(below, ast.Attribute) else None
    if behind != "dt" or name not in _FIELDS:
        _refuse_attribute(builder, name, behind, node)
    return Field((_operand(builder, below.value),), name)  # type: ignore[attr-defined]  # below is an Attribute here


def _calendar(node: ast.expr) -> ast.expr | None:
    """The dates of `dates.dt.isocalendar()`."""
    if not (isinstance(node, ast.Call) and not node.args and not node.keywords):
        return None
    called = node.func
    if not (isinstance(called, ast.Attribute) and called.attr == "isocalendar"):
        return None
    below = called.value
    return below.value if isinstance(below, ast.Attribute) and below.attr == "dt" else None


def _refuse_attribute(builder: Building, name: str, behind: str | None, node: ast.Attribute) -> NoReturn:
    if behind == "dt":
        if name in TIMES:
            builder.refuse(f".dt.{name} is a method; write .dt.{name}(…)", node)
        builder.refuse(f"there is no property .dt.{name}{did_you_mean(name, _FIELDS)}", node)
    if name in _ACCESSORS:
        builder.refuse(f".{name} is followed by a method{' or a property' if name == 'dt' else ''}", node)
    if behind == "str":
        advice = f"; write .str.{name}(…)" if name in TEXTS else did_you_mean(name, TEXTS)
        builder.refuse(f".str.{name} is not a property{advice}", node)
    if name in METHODS:
        builder.refuse(f".{name} is a method; write .{name}(…)", node)
    hint = (
        METHOD_HINTS.get(name)
        or _elsewhere(name)
        or "a column is written by its name alone, in backticks where it has a dot"
    )
    builder.refuse(f"there is no attribute .{name}; {hint}", node)


def subscript(builder: Building, node: ast.Subscript) -> Node:
    """The node of `x.str[i]` and `x.str[a:b]`; every other subscript is refused."""
    below, key = node.value, node.slice
    if not (isinstance(below, ast.Attribute) and below.attr == "str"):
        builder.refuse(
            "[…] stands behind .str only, as in name.str[:2]; a column with an odd name goes in backticks", node
        )
    operand = _operand(builder, below.value)
    if isinstance(key, ast.Slice):
        parts = {"start": key.lower, "stop": key.upper, "step": key.step}
        entry = TEXTS["slice"]
    else:
        parts, entry = {"i": key}, TEXTS["get"]
    given = {name: builder.build(part) for name, part in parts.items() if part is not None}
    return _call(builder, entry, (operand,), given, node)


def _bound(builder: Building, entry: Entry, targets: tuple[Node, ...], node: ast.Call) -> Node:
    if any(isinstance(argument, ast.Starred) for argument in node.args) or any(k.arg is None for k in node.keywords):
        builder.refuse("'*' and '**' before an argument are not part of an expression; write the values", node)
    positional = [builder.build(argument) for argument in node.args]
    if entry.many:
        if node.keywords or len(positional) < 2:
            builder.refuse(f"{entry.name} takes two or more values, as in {entry.signature()}", node)
        return Call((*targets, *positional), entry, (), {})
    if len(positional) > len(entry.params):
        builder.refuse(f"{entry.name} takes at most {len(entry.params)} arguments: {entry.signature()}", node)
    given = {param.name: value for param, value in zip(entry.params, positional, strict=False)}
    for keyword in node.keywords:
        name = builder.written(keyword.arg or "")
        names = [param.name for param in entry.params]
        if name not in names:
            builder.refuse(
                f"{entry.name} has no argument {name!r}{did_you_mean(name, names) or '; it is ' + entry.signature()}",
                node,
            )
        if name in given:
            builder.refuse(f"{entry.name} gets its argument {name!r} twice", node)
        given[name] = builder.build(keyword.value)
    return _call(builder, entry, targets, given, node)


def _call(builder: Building, entry: Entry, targets: tuple[Node, ...], given: dict[str, Node], node: ast.AST) -> Node:
    values, literals = _split(builder, entry, given, node)
    if entry.name == "offset" and not any(literals.values()):
        builder.refuse(f"offset wants a part, as in offset(months=3): {entry.signature()}", node)
    if entry.verify is not None:
        entry.verify(literals)
    call = Call((*targets, *values.values()), entry, tuple(values), literals)
    if targets or any(param.kind == "value" for param in entry.params):
        return call
    return Constant(entry.apply(None, **literals))


def _split(
    builder: Building, entry: Entry, given: dict[str, Node], node: ast.AST
) -> tuple[dict[str, Node], dict[str, Any]]:
    values: dict[str, Node] = {}
    literals: dict[str, Any] = {}
    for param in entry.params:
        argument = given.get(param.name)
        if argument is None and param.default is REQUIRED:
            builder.refuse(f"{entry.name} misses its argument {param.name!r}: {entry.signature()}", node)
        if param.kind == "value":
            values[param.name] = Constant(param.default) if argument is None else argument
        else:
            literals[param.name] = (
                param.default if argument is None else _literal(builder, entry, param, argument, node)
            )
    return values, literals


def _literal(builder: Building, entry: Entry, param: Param, argument: Node, node: ast.AST) -> Any:
    if isinstance(argument, Column) and param.kind not in {"value"}:
        builder.refuse(f"{entry.name}: {param.name} wants a literal, not the column {argument.name!r}", node)
    if not isinstance(argument, Constant):
        builder.refuse(f"{entry.name}: {param.name} wants a literal", node)
    try:
        return param.check(argument.literal)
    except Clash as clash:
        builder.refuse(
            f"{entry.name}: {param.name} {clash}" if str(clash).startswith("wants") else f"{entry.name}: {clash}", node
        )
