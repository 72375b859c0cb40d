"""Named aggregation as JSON says it: `{"total": ["amount", "sum"], "rows": [null, "size"]}`."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Annotated, Any

import pandas as pd
from pydantic import Field, PlainValidator, ValidationInfo, WithJsonSchema

from jobs.errors import (
    ArgumentInvalid,
    ArgumentUnknown,
    ColumnUnknown,
    DtypeUnsuitable,
    ExpressionError,
    ExpressionSyntax,
    ExpressionTooLarge,
)
from jobs.expressions import Expression, Extent, parse
from jobs.hints import did_you_mean, listing
from jobs.transforms.arguments import computed, extent_of, one_column, pointer, refusal, shown

_NUMBERS = (int, float)
# every aggregation by name, with the arguments that its third item may hold and their types
AGGREGATIONS: Mapping[str, Mapping[str, tuple[type, ...]]] = {
    "all": {"skipna": (bool,)},
    "any": {"skipna": (bool,)},
    "count": {},
    "first": {"min_count": (int,), "skipna": (bool,)},
    "idxmax": {"skipna": (bool,)},
    "idxmin": {"skipna": (bool,)},
    "kurt": {"skipna": (bool,)},
    "last": {"min_count": (int,), "skipna": (bool,)},
    "max": {"min_count": (int,), "skipna": (bool,)},
    "mean": {"skipna": (bool,)},
    "median": {"skipna": (bool,)},
    "min": {"min_count": (int,), "skipna": (bool,)},
    "nunique": {"dropna": (bool,)},
    "prod": {"min_count": (int,), "skipna": (bool,)},
    "quantile": {"q": _NUMBERS, "interpolation": (str,)},
    "sem": {"ddof": (int,), "skipna": (bool,)},
    "size": {},
    "skew": {"skipna": (bool,)},
    "std": {"ddof": (int,), "skipna": (bool,)},
    "sum": {"min_count": (int,), "skipna": (bool,)},
    "var": {"ddof": (int,), "skipna": (bool,)},
}
PAIR_AGGREGATIONS = ("corr", "cov")
_OF_NUMBERS = frozenset(["kurt", "mean", "median", "prod", "quantile", "sem", "skew", "std", "var"])
_INTERPOLATIONS = ("linear", "lower", "higher", "midpoint", "nearest")


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
        column = self._column(frame, at)
        if self.function in _OF_NUMBERS and isinstance(column.dtype, (pd.StringDtype, pd.CategoricalDtype)):
            raise DtypeUnsuitable(
                f"{self.function} wants numbers, and {shown(self.text)} is {column.dtype}; cast it with astype",
                column=str(self.text),
                dtype=str(column.dtype),
                pointer=at,
            )
        return column

    def _column(self, frame: pd.DataFrame, at: str) -> pd.Series:
        text = self.text if self.text is not None else ""
        if text in frame.columns:
            return one_column(frame, text, at)
        if self.source is None:
            raise ColumnUnknown(text, frame.columns, at)
        return computed(frame, self.source, at)


def _aggregation(item: Any, info: ValidationInfo) -> Aggregation:
    if isinstance(item, Aggregation):
        return item
    if not isinstance(item, (list, tuple)) or not 2 <= len(item) <= 3:
        form = 'an aggregation is [column, function], as in ["amount", "sum"], or [column, function, {arguments}]'
        raise refusal(ArgumentInvalid(f"{form}, not {shown(item)}"))
    source, function, arguments = (*item, {})[:3]
    if not isinstance(function, str):
        raise refusal(ArgumentInvalid(f"the function is a string, not {shown(function)}"), "/1")
    if isinstance(source, (list, tuple)):
        return _of_pair(source, function, arguments)
    _check_function(function, arguments)
    if source is None and function == "size":
        return Aggregation(function)
    if not isinstance(source, str):
        wanted = "a column name or an expression" if function != "size" else "a column name, or null"
        raise refusal(ArgumentInvalid(f"the source is {wanted}, not {shown(source)}"), "/0")
    return Aggregation(function, source, _source(source, extent_of(info)), arguments=dict(arguments))


def _of_pair(source: list[Any] | tuple[Any, ...], function: str, arguments: Any) -> Aggregation:
    if len(source) != 2 or not all(isinstance(name, str) for name in source):
        raise refusal(ArgumentInvalid(f"a pair is two column names, not {shown(source)}"), "/0")
    if function not in PAIR_AGGREGATIONS:
        raise refusal(ArgumentInvalid(f"of two columns there is 'corr' and 'cov', not {function!r}"), "/1")
    if arguments != {}:
        raise refusal(ArgumentInvalid(f"{function} of two columns takes no arguments"), "/2")
    return Aggregation(function, pair=(source[0], source[1]))


def _check_function(function: str, arguments: Any) -> None:
    known = AGGREGATIONS.get(function)
    if known is None:
        hint = did_you_mean(function, AGGREGATIONS) or f"; there is {listing(list(AGGREGATIONS), 30)}"
        if function in PAIR_AGGREGATIONS:
            hint = f'; of two columns: [["a", "b"], "{function}"]'
        raise refusal(ArgumentInvalid(f"no aggregation {function!r}{hint}"), "/1")
    if not isinstance(arguments, dict):
        raise refusal(ArgumentInvalid(f"the arguments are an object, not {shown(arguments)}"), "/2")
    for name, value in arguments.items():
        if name not in known:
            raise refusal(ArgumentUnknown(function, name, known), pointer(2, name))
        if not isinstance(value, known[name]) or (isinstance(value, bool) and bool not in known[name]):
            wanted = " or ".join(kind.__name__ for kind in known[name])
            raise refusal(ArgumentInvalid(f"{name!r} should be of type {wanted}, not {shown(value)}"), pointer(2, name))
    if not 0 <= arguments.get("q", 0.5) <= 1:
        raise refusal(ArgumentInvalid(f"'q' should be between 0 and 1, not {shown(arguments['q'])}"), "/2/q")
    if arguments.get("interpolation", "linear") not in _INTERPOLATIONS:
        raise refusal(
            ArgumentInvalid(f"'interpolation' should be one of {listing(_INTERPOLATIONS)}"), "/2/interpolation"
        )


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


NamedAggregations = Annotated[
    dict[
        str,
        Annotated[
            Aggregation,
            PlainValidator(_aggregation),
            WithJsonSchema(
                {
                    "type": "array",
                    "minItems": 2,
                    "maxItems": 3,
                    "prefixItems": [
                        {
                            "description": "a column, an expression, two columns (corr, cov), or null (size)",
                            "anyOf": [
                                {"type": "string"},
                                {"type": "array", "items": {"type": "string"}, "minItems": 2, "maxItems": 2},
                                {"type": "null"},
                            ],
                        },
                        {"enum": [*AGGREGATIONS, *PAIR_AGGREGATIONS]},
                        {"type": "object", "description": "arguments of the function"},
                    ],
                }
            ),
        ],
    ],
    Field(min_length=1, max_length=10_000),
]
"""New column → `[source, function]` or `[source, function, {arguments}]`."""
