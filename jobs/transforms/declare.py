"""The `@transform` decorator: it marks a function as an op, and leaves the function itself as it is.

Nothing heavy is imported here, so that `from jobs import transform` stays cheap; `jobs.transforms.own` makes the
parameter model when the catalogue is loaded.
"""

import inspect
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, TypeVar, overload

F = TypeVar("F", bound=Callable[..., Any])

_MARK = "__framequeue_op__"
_RESERVED = frozenset({"op", "from", "save"})


@dataclass(frozen=True, slots=True)
class Declaration:
    """What `@transform` noted of a function: the op's name, and the function."""

    op: str
    function: Callable[..., Any]


@overload
def transform(function: F) -> F: ...
@overload
def transform(*, op: str) -> Callable[[F], F]: ...
def transform(function: F | None = None, *, op: str | None = None) -> F | Callable[[F], F]:
    """Make a function of a frame an op of the pipeline; it can still be called as before.

    The first parameter takes the frame, the others are the op's arguments, the docstring is its documentation, and the
    name its name (`op` gives another). A parameter annotated `Context` receives the job's Context.
    Raises TypeError where the signature cannot be arguments in JSON.
    """

    def declare(function: F) -> F:
        name = op or function.__name__
        _check_signature(name, function)
        setattr(function, _MARK, Declaration(name, function))
        return function

    return declare if function is None else declare(function)


def declaration(thing: object) -> Declaration | None:
    """What `@transform` noted of this object, if it did."""
    found = getattr(thing, _MARK, None) if inspect.isfunction(thing) else None
    return found if isinstance(found, Declaration) else None


def _check_signature(op: str, function: Callable[..., Any]) -> None:
    if not inspect.isfunction(function) or inspect.iscoroutinefunction(function):
        raise TypeError(f"@transform {op}: a plain function is needed (not async, not a class)")
    parameters = list(inspect.signature(function).parameters.values())
    if not parameters or parameters[0].kind is inspect.Parameter.KEYWORD_ONLY:
        raise TypeError(f"@transform {op}: the first parameter takes the frame")
    for parameter in parameters:
        if parameter.kind in (parameter.VAR_POSITIONAL, parameter.VAR_KEYWORD):
            raise TypeError(f"@transform {op}: *{parameter.name} has no names, and JSON arguments do; spell them out")
    for parameter in parameters[1:]:
        if parameter.kind is parameter.POSITIONAL_ONLY:
            raise TypeError(f"@transform {op}: {parameter.name!r} is positional-only, and JSON arguments have names")
        if parameter.name in _RESERVED:
            raise TypeError(f"@transform {op}: the argument name {parameter.name!r} is a word of every step")
