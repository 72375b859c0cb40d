"""Calls in expressions as pandas source: NumPy's functions, the methods of a Series, of text and of times."""

import re
from collections.abc import Callable
from typing import Any, Final

from jobs.expressions.entries import REQUIRED, Param
from jobs.expressions.tree import Call, Constant, Node
from jobs.script.code import literal, named
from jobs.script.kinds import is_scalar, kind_of
from jobs.script.source import OR, SIGN, Source

_INTEGER: Final = re.compile(r"u?int\d*", re.IGNORECASE)
_PRINTED: Final = frozenset({"abs", "round"})
Value = Callable[[Node], Source]


def call(node: Call, value: Value, truth: Value, falsity: Value) -> Source:
    """A call as a value; `truth` and `falsity` render where a condition is true, and where it is false."""
    name, kind = node.entry.name, kind_of(node)
    special = _SPECIAL.get((kind, name))
    if special is not None:
        return special(node, value)
    if name == "all":
        return Source(f"(not {falsity(node.operands[0]).atom}.any())")
    if name == "any":
        return Source(f"{truth(node.operands[0]).atom}.any()")
    if kind == "function":
        function = name if name in _PRINTED else f"np.{name}"
        arguments = [value(operand).text for operand in node.operands]
        return Source(f"{function}({', '.join([*arguments, *_literals(node, positional=True)])})")
    return _method(node, value, "" if kind == "method" else f".{kind}")


def _method(node: Call, value: Value, accessor: str) -> Source:
    first = len(node.operands) - len(node.names)
    target = value(node.operands[0]).atom
    operands = zip(node.names, node.operands[first:], strict=True)
    arguments = {
        name: value(one).text for name, one in operands if not (isinstance(one, Constant) and one.literal is None)
    }
    required = [text for name, text in arguments.items() if _param(node, name).default is REQUIRED]
    optional = named({name: text for name, text in arguments.items() if _param(node, name).default is not REQUIRED})
    inside = ", ".join([*required, *optional, *_literals(node)])
    return Source(f"{target}{accessor}.{node.entry.name}({inside})")


def _literals(node: Call, *, positional: bool = False) -> list[str]:
    """The literal arguments that are not the defaults; those that have none stand without their names."""
    given = {name: _written(node, name) for name, one in node.literals.items() if one != _param(node, name).default}
    if positional:
        return list(given.values())
    first = [text for name, text in given.items() if _param(node, name).default is REQUIRED]
    return [*first, *named({name: text for name, text in given.items() if _param(node, name).default is not REQUIRED})]


def _written(node: Call, name: str) -> str:
    value = node.literals[name]
    if _param(node, name).kind != "texts":
        return literal(value)
    return literal(value[0]) if len(value) == 1 else f"({', '.join(map(literal, value))})"


def _param(node: Call, name: str) -> Param:
    return next(param for param in node.entry.params if param.name == name)


def _coalesce(node: Call, value: Value) -> Source:
    first, *others = node.operands
    fills = [value(one).text for one in others if not (isinstance(one, Constant) and one.literal is None)]
    return Source(value(first).atom + "".join(f".fillna({fill})" for fill in fills))


def _extreme(function: str) -> Callable[[Call, Value], Source]:
    def render(node: Call, value: Value) -> Source:
        text = value(node.operands[0]).text
        for operand in node.operands[1:]:
            text = f"np.{function}({text}, {value(operand).text})"
        return Source(text)

    return render


def _integer(node: Call, value: Value) -> Source:
    if is_scalar(node.operands[0]):
        return Source(f"int({value(node.operands[0]).text})")
    return Source(f'np.trunc(pd.to_numeric({value(node.operands[0]).text})).astype("Int64")')


def _float(node: Call, value: Value) -> Source:
    if is_scalar(node.operands[0]):
        return Source(f"float({value(node.operands[0]).text})")
    return Source(f'pd.to_numeric({value(node.operands[0]).text}).astype("float64")')


def _text(node: Call, value: Value) -> Source:
    if is_scalar(node.operands[0]):
        return Source(f"str({value(node.operands[0]).text})")
    return Source(f'{value(node.operands[0]).atom}.astype("str")')


def _bool(node: Call, value: Value) -> Source:
    return Source(f"{value(node.operands[0]).within(OR)} != 0", 0)


def _astype(node: Call, value: Value) -> Source:
    dtype = str(node.literals["dtype"])
    if _INTEGER.fullmatch(dtype):
        wanted = "Int64" if dtype == "int" else dtype.replace("u", "U").replace("i", "I").replace("UI", "UI")
        return Source(f"np.trunc(pd.to_numeric({value(node.operands[0]).text})).astype({literal(wanted)})")
    if dtype.lower().startswith("float"):
        return Source(f"pd.to_numeric({value(node.operands[0]).text}).astype({literal(dtype)})")
    return Source(f"{value(node.operands[0]).atom}.astype({literal('boolean' if dtype == 'bool' else dtype)})")


def _item(node: Call, value: Value) -> Source:
    return Source(f"{value(node.operands[0]).atom}.str[{node.literals['i']}]")


def _slice(node: Call, value: Value) -> Source:
    start, stop, step = (node.literals.get(name) for name in ("start", "stop", "step"))
    ends = [*(map(_end, (start, stop))), *([_end(step)] if step is not None else [])]
    return Source(f"{value(node.operands[0]).atom}.str[{':'.join(ends)}]")


def _end(number: Any) -> str:
    return "" if number is None else str(number)


def _extract(node: Call, value: Value) -> Source:
    pattern = literal(node.literals["pat"])
    return Source(f"{value(node.operands[0]).atom}.str.extract({pattern}, expand=False)")


def _split(node: Call, value: Value) -> Source:
    pat, n = node.literals.get("pat"), node.literals.get("n", -1)
    arguments = [*([literal(pat)] if pat is not None else []), *([f"n={n}"] if n != -1 else [])]
    if pat is not None and len(pat) > 1:
        arguments.append("regex=False")
    return Source(f"{value(node.operands[0]).atom}.str.split({', '.join(arguments)})")


def _rounded(node: Call, value: Value) -> Source:
    decimals = node.literals.get("decimals", 0)
    if is_scalar(node.operands[0]):
        return Source(f"round({value(node.operands[0]).text}, {decimals})")
    return Source(f"{value(node.operands[0]).atom}.round({decimals or ''})")


def _isfinite(node: Call, value: Value) -> Source:
    return Source(f"np.isfinite({value(node.operands[0]).text})")


def _sign_free(node: Call, value: Value) -> Source:
    return Source(f"abs({value(node.operands[0]).text})", SIGN + 2)


_SPECIAL: Final[dict[tuple[str, str], Callable[[Call, Value], Source]]] = {
    ("function", "coalesce"): _coalesce,
    ("function", "minimum"): _extreme("minimum"),
    ("function", "maximum"): _extreme("maximum"),
    ("function", "isfinite"): _isfinite,
    ("function", "int"): _integer,
    ("function", "float"): _float,
    ("function", "str"): _text,
    ("function", "bool"): _bool,
    ("function", "abs"): _sign_free,
    ("function", "round"): _rounded,
    ("method", "round"): _rounded,
    ("method", "astype"): _astype,
    ("str", "get"): _item,
    ("str", "slice"): _slice,
    ("str", "extract"): _extract,
    ("str", "split"): _split,
}
