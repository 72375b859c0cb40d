"""Named aggregation as JSON says it: `{"total": ["amount", "sum"], "rows": [null, "size"]}`."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Annotated, Any

import pandas as pd
from pydantic import Field, PlainValidator, ValidationInfo, WithJsonSchema

from jobs.errors import (
    ArgumentInvalid,
    ColumnUnknown,
    DtypeUnsuitable,
    ExpressionError,
    ExpressionSyntax,
    ExpressionTooLarge,
)
from jobs.expressions import Expression, Extent, parse
from jobs.transforms.arguments import computed, extent_of, one_column, refusal, shown
from jobs.transforms.groups.functions import (
    AGGREGATING,
    RESAMPLING,
    TRANSFORMING,
    WEIGHTING,
    WINDOWING,
    Functions,
)

_FORM = (
    'an aggregation is {"new name": ["column", "function"]}, or [column, function, {arguments}]; several functions of '
    "a column are several new columns"
)
_OF_NUMBERS = frozenset(["kurt", "mean", "median", "prod", "quantile", "sem", "skew", "std", "var"])


@dataclass(frozen=True, slots=True)
class Aggregation:
    """One named aggregation: where its values come from, the function's name and its arguments.

    `source` is None for `size`; `text` is the first item as written, which a column of that very name wins over its
    meaning as an expression; `pair` holds two column names for `corr` and `cov`.
    """

    function: str
    text: str | None = None
    source: Expression | None = None
    pair: tuple[str, str] | None = None
    arguments: Mapping[str, Any] = field(default_factory=dict)

    @property
    def columns(self) -> frozenset[str]:
        """Every column name it may read: the text's own, those of its expression, or the pair."""
        read = self.source.columns if self.source is not None else frozenset[str]()
        return read | frozenset(self.pair or ()) | frozenset(() if self.text is None else (self.text,))

    def values(self, frame: pd.DataFrame, at: str) -> pd.Series:
        """The column to aggregate; `at` is the pointer of its name.

        Raises ColumnUnknown where neither a column nor an expression over columns is meant.
        """
        column = self.column(frame, at)
        check_numbers(self.function, column, str(self.text), at)
        return column

    def column(self, frame: pd.DataFrame, at: str) -> pd.Series:
        """As `values`, whatever its dtype."""
        text = self.text if self.text is not None else ""
        if text in frame.columns:
            return one_column(frame, text, at)
        if text in AGGREGATING.one:  # pandas' {"x": ["sum", "mean"]}
            raise ColumnUnknown(text, frame.columns, at, why=_FORM)
        if self.source is None:
            raise ColumnUnknown(text, frame.columns, at)
        return computed(frame, self.source, at)


def check_numbers(function: str, column: pd.Series, name: str, at: str) -> None:
    """Raise DtypeUnsuitable where a function of numbers is asked of text or categories."""
    if function in _OF_NUMBERS and isinstance(column.dtype, (pd.StringDtype, pd.CategoricalDtype)):
        raise DtypeUnsuitable(
            f"{function} wants numbers, and {shown(name)} is {column.dtype}; cast it with astype",
            column=name,
            dtype=str(column.dtype),
            pointer=at,
        )


def checked(known: Functions) -> PlainValidator:
    """The validator of one entry of a named form that takes these functions."""

    def aggregation(item: Any, info: ValidationInfo) -> Aggregation:
        if isinstance(item, Aggregation):
            return item
        if not isinstance(item, (list, tuple)) or not 2 <= len(item) <= 3:
            raise refusal(ArgumentInvalid(f"{_FORM}, not {shown(item)}"))
        if len(item) == 3 and all(isinstance(one, str) and one in known.one for one in item):
            raise refusal(ArgumentInvalid(f"{_FORM}, not {shown(item)}"))
        source, function, arguments = (*item, {})[:3]
        if not isinstance(function, str):
            raise refusal(ArgumentInvalid(f"the function is a string, not {shown(function)}"), "/1")
        if isinstance(source, (list, tuple)):
            return _of_pair(known, source, function, arguments)
        return _of_one(known, source, function, arguments, extent_of(info))

    return PlainValidator(aggregation)


def _of_one(known: Functions, source: Any, function: str, arguments: Any, extent: Extent) -> Aggregation:
    known.check(function, arguments)
    if source is None and function in known.alone:
        return Aggregation(function, arguments=dict(arguments))
    if not isinstance(source, str):
        wanted = "a column name or an expression" if function not in known.alone else "a column name, or null"
        raise refusal(ArgumentInvalid(f"the source is {wanted}, not {shown(source)}"), "/0")
    return Aggregation(function, source, _source(source, extent), arguments=dict(arguments))


def _of_pair(known: Functions, source: list[Any] | tuple[Any, ...], function: str, arguments: Any) -> Aggregation:
    if len(source) != 2 or not all(isinstance(name, str) for name in source):
        raise refusal(ArgumentInvalid(f"a pair is two column names, not {shown(source)}"), "/0")
    known.check(function, arguments, of_two=True)
    return Aggregation(function, pair=(source[0], source[1]), arguments=dict(arguments))


def _source(text: str, extent: Extent) -> Expression | None:
    """The expression in `text`, or None where it can only be the name of a column (`unit price`, `user.id`).

    Text that is refused as an expression is still a name as long as it has neither calls, subscripts nor dunders: those
    are refused here, when the job is submitted; a column that really has such a name is written in backticks.
    """
    try:
        return parse(text, extent)
    except ExpressionSyntax:
        return None
    except ExpressionError as error:
        if isinstance(error, ExpressionTooLarge) or "__" in text or any(mark in text for mark in "()[]{}"):
            raise refusal(error, "/0") from None
        return None


def shape(known: Functions) -> WithJsonSchema:
    """The JSON Schema of one entry of such a form."""
    source: list[dict[str, Any]] = [{"type": "string"}]
    said = ["a column", "an expression"]
    if known.pairs:
        source.append({"type": "array", "items": {"type": "string"}, "minItems": 2, "maxItems": 2})
        said.append(f"two columns ({', '.join(known.pairs)})")
    if known.alone:
        source.append({"type": "null"})
        said.append(f"null ({', '.join(sorted(known.alone))})")
    return WithJsonSchema(
        {
            "type": "array",
            "minItems": 2,
            "maxItems": 3,
            "prefixItems": [
                {"description": f"{', '.join(said[:-1])} or {said[-1]}", "anyOf": source},
                {"enum": [*known.one, *known.pairs]},
                {"type": "object", "description": "arguments of the function"},
            ],
        }
    )


_NAMES = Field(min_length=1, max_length=10_000)
NamedAggregations = Annotated[dict[str, Annotated[Aggregation, checked(AGGREGATING), shape(AGGREGATING)]], _NAMES]
"""New column → `[source, function]` or `[source, function, {arguments}]`."""
NamedTransforms = Annotated[dict[str, Annotated[Aggregation, checked(TRANSFORMING), shape(TRANSFORMING)]], _NAMES]
"""The same with functions that give a value for each row too."""
NamedWindows = Annotated[dict[str, Annotated[Aggregation, checked(WINDOWING), shape(WINDOWING)]], _NAMES]
"""The same of rolling and expanding windows."""
NamedWeights = Annotated[dict[str, Annotated[Aggregation, checked(WEIGHTING), shape(WEIGHTING)]], _NAMES]
"""The same of rows whose weights fall off."""
NamedBins = Annotated[dict[str, Annotated[Aggregation, checked(RESAMPLING), shape(RESAMPLING)]], _NAMES]
"""The same of bins of time."""
