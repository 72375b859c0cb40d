"""Python values to Arrow: the type that all of them share, or text where they share none."""

import json
from collections.abc import Iterable, Sequence
from typing import Any

import pandas as pd
import pyarrow as pa

from jobs.codecs.extensions import plain_array
from jobs.model import Warn

_INT64 = range(-(2**63), 2**63)
_ARROW_REFUSALS = (
    pa.ArrowInvalid,
    pa.ArrowTypeError,
    pa.ArrowNotImplementedError,
    OverflowError,
    TypeError,
    ValueError,
)


def array_of_json(values: Sequence[Any], name: str, warnings: list[Warn], kinds: set[type]) -> pa.Array:
    """A column of what a JSON parser gives: None, bool, int, float, str, list, dict; `kinds` are the values' types.

    int64 where all are integers (uint64 where they fit only there, text with a warning beyond); float64 where floats
    are among them; text with a warning where kinds mix. Raises UnicodeEncodeError on lone surrogates.
    """
    kinds = kinds - {type(None)}
    if not kinds:
        return pa.nulls(len(values))
    if len(kinds) == 1:
        return _of_one_kind(values, kinds.pop(), name, warnings)
    if kinds == {int, float}:
        return _floats(values, name, warnings)
    return _as_text(values, name, warnings)


def array_of_objects(values: Any, name: str, warnings: list[Warn]) -> pa.Array:
    """A column of arbitrary Python objects (a pandas object column): Arrow's inference, or text where they mix."""
    plain = [None if _is_missing(value) else value for value in values]
    kinds = {type(value) for value in plain if value is not None}
    if kinds <= _JSON_KINDS:
        return array_of_json(plain, name, warnings, kinds)
    try:
        return plain_array(pa.array(plain, from_pandas=True), name, warnings)
    except _ARROW_REFUSALS:
        return _as_text(plain, name, warnings)


_JSON_KINDS = frozenset({bool, int, float, str, list, dict})


def _is_missing(value: Any) -> bool:
    if value is None or value is pd.NA or value is pd.NaT:
        return True
    return isinstance(value, float) and value != value  # noqa: PLR0124  # NaN alone differs from itself


def _of_one_kind(values: Sequence[Any], kind: type, name: str, warnings: list[Warn]) -> pa.Array:
    if kind is int:
        return _integers(values, name, warnings)
    if kind is str:
        return pa.array(values, pa.string())
    if kind in _SIMPLE:
        return pa.array(values, _SIMPLE[kind])
    if any(_mixes(inner) for inner in _levels(values)):
        return _as_text(values, name, warnings)
    try:
        return pa.array(values)
    except UnicodeEncodeError:
        raise
    except _ARROW_REFUSALS:
        return _as_text(values, name, warnings)


_SIMPLE = {bool: pa.bool_(), float: pa.float64()}


def _levels(values: Iterable[Any]) -> Iterable[set[type]]:
    """The sets of kinds that meet in one place of nested values, as far down as lists go in lists and objects."""
    pending: list[list[Any]] = [[value for value in values if value is not None]]
    while pending:
        level = pending.pop()
        kinds = set(map(type, level))
        yield kinds
        if kinds == {list}:
            pending.append([item for value in level for item in value if item is not None])
        elif kinds == {dict}:
            grouped: dict[str, list[Any]] = {}
            for value in level:
                for key, item in value.items():
                    if item is not None:
                        grouped.setdefault(key, []).append(item)
            pending.extend(grouped.values())


def _mixes(kinds: set[type]) -> bool:
    return len(kinds) > 1 and kinds != {int, float}


def _integers(values: Sequence[Any], name: str, warnings: list[Warn]) -> pa.Array:
    try:
        return pa.array(values, pa.int64())
    except (OverflowError, pa.ArrowInvalid):
        pass
    try:
        return pa.array(values, pa.uint64())
    except (OverflowError, pa.ArrowInvalid):
        detail = f"column {name!r} holds integers beyond 64 bits; all of it became text"
        warnings.append(Warn(code="integer_to_text", detail=detail, column=name))
        return pa.array([None if value is None else str(value) for value in values], pa.string())


def _floats(values: Sequence[Any], name: str, warnings: list[Warn]) -> pa.Array:
    if any(type(value) is int and not -(2**53) <= value <= 2**53 for value in values):
        detail = f"column {name!r} mixes integers beyond 2^53 with floats; they were rounded to float64"
        warnings.append(Warn(code="integer_rounded", detail=detail, column=name))
    return pa.array([None if value is None else float(value) for value in values], pa.float64())


def _as_text(values: Sequence[Any], name: str, warnings: list[Warn]) -> pa.Array:
    kinds = sorted({type(value).__name__ for value in values if value is not None})
    what = " and ".join(kinds) if len(kinds) > 1 else f"types inside {kinds[0]}" if kinds else "types"
    detail = f"column {name!r} mixes {what}; all of it became text"
    warnings.append(Warn(code="mixed_to_text", detail=detail, column=name))
    return pa.array([None if value is None else text_of(value) for value in values], pa.string())


def text_of(value: Any) -> str:
    """A value as text: strings as they are, the rest as JSON where it can be."""
    if isinstance(value, str):
        return value
    if value is None or isinstance(value, bool | int | float | list | dict):
        try:
            return json.dumps(value, ensure_ascii=False)
        except (TypeError, ValueError):
            return str(value)
    return str(value)
