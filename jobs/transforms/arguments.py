"""The argument types that transforms share, and the checks that turn a wrong column name into a helpful error."""

from collections.abc import Iterable
from typing import Annotated, Any

import pandas as pd
from pydantic import Field, PlainValidator, ValidationInfo, WithJsonSchema
from pydantic_core import PydanticCustomError

from jobs.errors import (
    ArgumentInvalid,
    ColumnAmbiguous,
    ColumnUnknown,
    ExpressionError,
    FramequeueError,
    TransformError,
)
from jobs.expressions import Expression, Extent, parse

Names = str | Annotated[tuple[str, ...], Field(min_length=1)]
"""One column name, or a list of them."""

Scalar = str | int | float | bool | None
"""What JSON calls a value that is neither an array nor an object."""


def pointer(*parts: object) -> str:
    """The JSON pointer of these steps inwards: `pointer("by", 0)` is `/by/0`."""
    return "".join("/" + str(part).replace("~", "~0").replace("/", "~1") for part in parts)


def refusal(error: FramequeueError, where: str = "") -> PydanticCustomError:
    """An error of ours in pydantic's clothes, to be collected beside the others; `where` goes below the field."""
    return PydanticCustomError("framequeue", "{detail}", {"detail": error.detail, "error": error, "pointer": where})


def _expression(text: Any, info: ValidationInfo) -> Expression:
    if isinstance(text, Expression):
        return text
    if not isinstance(text, str):
        raise refusal(ArgumentInvalid(f"an expression is a string, not {shown(text)}"))
    try:
        return parse(text, extent_of(info))
    except ExpressionError as error:
        raise refusal(error) from None


def extent_of(info: ValidationInfo) -> Extent:
    """How large expressions may be: what the context of the validation says, else the usual."""
    return info.context if isinstance(info.context, Extent) else Extent()


ExpressionText = Annotated[
    Expression,
    PlainValidator(_expression),
    WithJsonSchema({"type": "string", "format": "expression"}),
]
"""The text of an expression, parsed where the step is parsed."""


def shown(value: Any) -> str:
    """A JSON value for a sentence, cut to a line."""
    text = (
        {None: "null", True: "true", False: "false"}.get(value)
        if value is None or value is True or value is False
        else None
    )
    text = text or repr(value)
    return text if len(text) <= 80 else text[:77] + "..."


def name_list(names: Names | None) -> list[str]:
    """One name or many as a list."""
    if names is None:
        return []
    return [names] if isinstance(names, str) else list(names)


def require(frame: pd.DataFrame, argument: str, names: Names | None) -> list[str]:
    """These names as a list, all of them columns of `frame`.

    Raises ColumnUnknown with the pointer of the first that is not (`/by/0`, or `/by` where one name was given).
    """
    listed = name_list(names)
    for position, name in enumerate(listed):
        if name not in frame.columns:
            at = pointer(argument) if isinstance(names, str) else pointer(argument, position)
            raise ColumnUnknown(name, frame.columns, at)
    return listed


def require_keys(frame: pd.DataFrame, argument: str, names: Names | None) -> list[str]:
    """Like `require`, and each name stands for one column only; raises ColumnAmbiguous where two columns have it."""
    listed = require(frame, argument, names)
    if frame.columns.is_unique:
        return listed
    for position, name in enumerate(listed):
        if not isinstance(frame.columns.get_loc(name), int):
            at = pointer(argument) if isinstance(names, str) else pointer(argument, position)
            raise ColumnAmbiguous(name, at)
    return listed


def require_all(frame: pd.DataFrame, names: Iterable[str], at: str) -> None:
    """Check that every name is a column of `frame`; raises ColumnUnknown that points at `at`."""
    for name in names:
        if name not in frame.columns:
            raise ColumnUnknown(name, frame.columns, at)


def one_column(frame: pd.DataFrame, name: str, at: str) -> pd.Series:
    """The one column of that name; raises ColumnUnknown or ColumnAmbiguous that points at `at`."""
    require_all(frame, [name], at)
    found: pd.Series | pd.DataFrame = frame[name]
    if isinstance(found, pd.DataFrame):
        raise ColumnAmbiguous(name, at)
    return found


def computed(frame: pd.DataFrame, expression: Expression, at: str) -> pd.Series:
    """The column an expression gives; raises ColumnUnknown or DtypeUnsuitable that points at `at`."""
    require_all(frame, sorted(expression.columns), at)
    try:
        return expression.column(frame)
    except TransformError as error:
        raise error.inside(at) from None


def plain(frame: pd.DataFrame) -> pd.DataFrame:
    """A fresh result with a plain range index; the frame given is the caller's own and may be changed."""
    index = frame.index
    if not (isinstance(index, pd.RangeIndex) and index.start == 0 and index.step == 1 and index.name is None):
        frame.index = pd.RangeIndex(len(frame))
    return frame
