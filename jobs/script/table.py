"""How each op is written: the table of renderers, by op."""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

from jobs.script.arguments import Arguments
from jobs.script.code import given, literal
from jobs.script.ops import aggregate, check, columns, combine, groups, reshape, rows, values, windows
from jobs.script.ops.common import Renderer
from jobs.script.writing import Writing
from jobs.transforms.base import Transform
from jobs.transforms.own import OwnTransform

_FAMILIES: Final = (rows, columns, values, aggregate, groups, windows, reshape, combine, check)
RENDERERS: Final[Mapping[str, Renderer]] = MappingProxyType(
    {op: renderer for family in _FAMILIES for op, renderer in family.RENDERERS.items()}
)


def write(transform: Transform, arguments: Arguments, w: Writing) -> None:
    """Write the statements of one step; a transform of the user's own is a call of its function."""
    if isinstance(transform, OwnTransform):
        _own(transform, arguments, w)
    else:
        RENDERERS[transform.op](arguments, w)


def _own(transform: OwnTransform, arguments: Arguments, w: Writing) -> None:
    function = type(transform).function
    w.imports.add(f"from {function.__module__} import {function.__name__}")
    more = given(arguments.written)
    if transform.context_names:
        w.imports.add("from jobs import Context")
        inputs = ", ".join(f"{literal(name)}: {variable}" for name, variable in w.inputs.items())
        more |= dict.fromkeys(transform.context_names, f"Context(inputs={{{inputs}}})" if inputs else "Context()")
    call = ", ".join([w.frame, *(f"{name}={text}" for name, text in more.items())])
    w.line(f"{w.current} = {function.__name__}({call})")
    # as a pipeline does: an index with a name is a column, any other is dropped
    w.line(f"{w.current} = {w.current}.reset_index(drop={w.current}.index.names == [None])")
    w.frame = w.current
