"""The user's own transforms: a marked function becomes a parameter model like those of the builtin ops."""

import inspect
from collections.abc import Callable, Mapping
from typing import Any, ClassVar, get_type_hints

import pandas as pd
from pydantic import Field, create_model

from jobs.errors import ConnectionLost, StepFailed
from jobs.transforms.arguments import plain
from jobs.transforms.base import Surroundings, Transform
from jobs.transforms.context import Context
from jobs.transforms.declare import Declaration
from jobs.transforms.network import lost_connection

# a field may not be called like a method of the model, an argument may: so fields have a name of their own
_FIELD = "given_"


class OwnTransform(Transform):
    """The base of the ops made from functions."""

    family = "own"
    function: ClassVar[Callable[..., Any]]
    argument_names: ClassVar[Mapping[str, str]]
    context_names: ClassVar[tuple[str, ...]]

    def apply(self, frame: pd.DataFrame, around: Surroundings) -> pd.DataFrame:
        """What the function returns, with named index levels as columns and a plain range index.

        The function gets its own shallow copy: what it assigns to it stays there. Raises ConnectionLost for a
        connection that it lost, which another attempt may have.
        """
        arguments = {name: getattr(self, field) for field, name in self.argument_names.items()}
        arguments |= dict.fromkeys(self.context_names, around.context)
        try:
            return _tidy(type(self).function(frame.copy(deep=False), **arguments))
        except OSError as error:
            if not lost_connection(error):
                raise
            raise ConnectionLost(error) from error


def model_of(declared: Declaration) -> type[OwnTransform]:
    """The parameter model of a marked function.

    Raises NameError or TypeError where an annotation cannot be resolved, pydantic's errors where it is no JSON type.
    """
    function = declared.function
    hints = get_type_hints(function, include_extras=True)
    fields: dict[str, Any] = {}
    names: dict[str, str] = {}
    contexts: list[str] = []
    for name, parameter in list(inspect.signature(function).parameters.items())[1:]:
        kind = hints.get(name, Any)
        if kind in (Context, Context | None):
            contexts.append(name)
            continue
        default = ... if parameter.default is parameter.empty else parameter.default
        fields[_FIELD + name] = (kind, Field(default, alias=name))
        names[_FIELD + name] = name
    made = create_model(declared.op, __base__=OwnTransform, __module__=function.__module__, **fields)
    made.__doc__ = inspect.getdoc(function) or declared.op
    made.op = declared.op
    made.function = staticmethod(function)
    made.argument_names = names
    made.context_names = tuple(contexts)
    made.reads_inputs = made.sets_aside = bool(contexts)
    return made


def _tidy(result: Any) -> pd.DataFrame:
    if isinstance(result, pd.Series):
        result = result.to_frame()
    if not isinstance(result, pd.DataFrame):
        raise StepFailed(TypeError(f"the function should return a DataFrame, not {type(result).__name__}"))
    if any(name is not None for name in result.index.names):
        unnamed = [level for level, name in enumerate(result.index.names) if name is None]
        result = result.reset_index(level=unnamed, drop=True) if unnamed else result
        result = result.reset_index()
    if result.columns.nlevels > 1:
        result = result.set_axis(
            ["_".join(str(part) for part in name if part != "") for name in result.columns], axis=1
        )
    elif not all(isinstance(name, str) for name in result.columns):
        result = result.set_axis([str(name) for name in result.columns], axis=1)
    return plain(result.copy(deep=False))
