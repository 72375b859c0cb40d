"""Columns of objects and lists, taken apart: by their Arrow types, so without looking at each value."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Final

import msgspec
import numpy as np
import pandas as pd
import pyarrow as pa

from jobs.codecs.frames import to_pandas
from jobs.codecs.objects import array_of_json
from jobs.errors import DtypeUnsuitable, OutputTooLarge
from jobs.transforms.delegated import reason
from jobs.transforms.reshape.combinations import Ids

Fields = Mapping[str, Any]
"""The fields of records by name: an Arrow array where values are nested or come from nested ones, else pandas' own."""

_DEEPEST: Final = 64
_FAULTS: Final = (msgspec.DecodeError, RecursionError, UnicodeError)
_REFUSALS: Final = (pa.ArrowException, TypeError, ValueError, OverflowError)


def is_objects(values: Any) -> bool:
    """Whether these are the values of a column of objects."""
    return isinstance(values, pa.Array) and bool(pa.types.is_struct(values.type))


def fields_of(objects: pa.Array) -> dict[str, pa.Array]:
    """The fields of a column of objects; those of a null object are null."""
    return {field.name: values for field, values in zip(objects.type, objects.flatten(), strict=True)}


def flattened(fields: Fields, sep: str, max_level: int | None) -> dict[str, Any]:
    """Every field that holds no objects, under the names that lead to it; of objects deeper than `max_level` none.

    As pandas orders them: first what holds no objects, then the fields of objects.
    """
    apart = [name for name, values in fields.items() if is_objects(values) and max_level != 0]
    found = {name: values for name, values in fields.items() if name not in apart}
    for name in apart:
        found.update(_below(name, fields[name], sep, max_level, 1))
    return found


def _below(name: str, objects: pa.Array, sep: str, max_level: int | None, level: int) -> Iterator[tuple[str, pa.Array]]:
    for key, values in fields_of(objects).items():
        if is_objects(values) and (max_level is None or level < max_level):
            yield from _below(f"{name}{sep}{key}", values, sep, max_level, level + 1)
        else:
            yield f"{name}{sep}{key}", values


def picked(values: Any, rows: Ids) -> Any:
    """The values of these rows."""
    return values.take(pa.array(rows)) if isinstance(values, pa.Array) else values.take(rows)


def column_of(values: Any) -> Any:
    """The values as a frame holds them."""
    if not isinstance(values, pa.Array):
        return values
    column = to_pandas(pa.Table.from_arrays([values], names=[""])).iloc[:, 0]
    return column.to_numpy() if isinstance(column.dtype, np.dtype) else column.array


def parsed(column: pd.Series, at: str, most: int) -> pa.Array:
    """The values whose JSON text a column holds; raises DtypeUnsuitable with the first row that is none.

    Where kinds mix in one place (a number here, text there), all of that place becomes text. Raises OutputTooLarge
    where the objects have so many different keys that there would be more than `most` cells.
    """
    values = [_value(text, row, column, at) for row, text in enumerate(column.astype("str"))]
    try:
        return _array(values, at, most, 0)
    except _REFUSALS as error:
        raise unsuitable(column, f"its JSON has no one type: {reason(error)}", at) from error


def unsuitable(column: pd.Series, what: str, at: str, row: int | None = None) -> DtypeUnsuitable:
    """The error that says what is wrong with a column, and in which row."""
    where = "" if row is None else f"row {row + 1}: "
    name, dtype = str(column.name), str(column.dtype)
    error = DtypeUnsuitable(f"column {name!r} ({dtype}): {where}{what}", column=name, dtype=dtype, pointer=at)
    error.rows = () if row is None else (row,)
    return error


def _value(text: Any, row: int, column: pd.Series, at: str) -> Any:
    if not isinstance(text, str):
        return None
    try:
        return msgspec.json.decode(text)
    except _FAULTS as error:
        raise unsuitable(column, f"this is no JSON: {reason(error)}", at, row) from error


def _array(values: Sequence[Any], at: str, most: int, depth: int) -> pa.Array:
    """The values as one Arrow array, as `array_of_json` types them, place by place."""
    kinds = {type(value) for value in values if value is not None}
    if depth > _DEEPEST:
        raise DtypeUnsuitable(f"the JSON nests deeper than {_DEEPEST} levels", pointer=at)
    if kinds == {dict}:
        return _objects(values, at, most, depth)
    if kinds == {list}:
        counts = [0 if value is None else len(value) for value in values]
        items = [item for value in values if value is not None for item in value]
        offsets = pa.array(np.concatenate([[0], np.cumsum(counts)]), pa.int64())
        nulls = pa.array([value is None for value in values])
        return pa.LargeListArray.from_arrays(offsets, _array(items, at, most, depth + 1), mask=nulls)
    return array_of_json(values, "", [], kinds)


def _objects(values: Sequence[Any], at: str, most: int, depth: int) -> pa.Array:
    keys = dict.fromkeys(key for value in values if value is not None for key in value)
    if len(keys) * len(values) > most:
        raise OutputTooLarge("cells", len(keys) * len(values), most, "limits.rows", at)
    nulls = pa.array([value is None for value in values])
    if not keys:
        return pa.array([None if value is None else {} for value in values], pa.struct([]))
    fields = [
        _array([None if value is None else value.get(key) for value in values], at, most, depth + 1) for key in keys
    ]
    return pa.StructArray.from_arrays(fields, names=list(keys), mask=nulls)
