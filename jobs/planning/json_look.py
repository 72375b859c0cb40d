"""The schema of a small JSON text: keys and kinds of values, all of them, without a table being made."""

from collections.abc import Iterable, Mapping, Sequence
from operator import itemgetter
from typing import Any, Final

import msgspec
import pyarrow as pa

from jobs.planning.schema import MOST_COLUMNS, NOT_KNOWN, Field, Schema

_SPLIT: Final = ({"columns", "data"}, {"columns", "data", "index"})
# records of ever other keys make a table of next to nothing but nulls
_MOST_CELLS: Final = 200_000
_NESTED: Final = frozenset({list, dict})
_NONE: Final = type(None)
_TYPES: Final[Mapping[frozenset[type], pa.DataType]] = {
    frozenset({str}): pa.string(),
    frozenset({bool}): pa.bool_(),
    frozenset({float}): pa.float64(),
    frozenset({int, float}): pa.float64(),
}
_DECODER: Final = msgspec.json.Decoder()


def json_schema(data: bytes, orient: str | None) -> Schema:
    """The schema of a whole JSON text, as its codec would read it; nothing is known of one that it would refuse."""
    value = _DECODER.decode(data)
    if isinstance(value, list) and orient in (None, "records"):
        return _of_records(value)
    if not isinstance(value, dict) or orient == "records":
        return Schema()
    if orient == "split" or (orient is None and _is_split(value)):
        return _of_split(value)
    return _of_columns(value)


def lines_schema(data: bytes) -> Schema:
    """The schema of whole JSON lines."""
    return _of_records(_DECODER.decode_lines(data.removeprefix(b"\xef\xbb\xbf")))


def _of_records(records: list[Any]) -> Schema:
    if not records:
        return Schema.of((), rows=0)
    if set(map(type, records)) != {dict}:
        return Schema()
    names, values = tuple(records[0]), None
    if names and set(map(len, records)) == {len(names)}:
        values = _same_keys(records, names)
    if values is None:
        names = tuple(dict.fromkeys(key for record in records for key in record))
        if len(names) > MOST_COLUMNS or len(names) * len(records) > _MOST_CELLS:
            return Schema(rows=len(records), rows_exact=True)
        values = [[record.get(name) for record in records] for name in names]
    return _of(names, values, len(records))


def _same_keys(records: Sequence[dict[str, Any]], names: tuple[str, ...]) -> Iterable[Sequence[Any]] | None:
    try:
        if len(names) == 1:
            return [[record[names[0]] for record in records]]
        return zip(*map(itemgetter(*names), records), strict=True)
    except KeyError:
        return None


def _of_columns(value: dict[str, Any]) -> Schema:
    lengths = {len(values) if isinstance(values, list) else -1 for values in value.values()}
    if len(lengths) > 1 or -1 in lengths:
        return Schema()
    return _of(tuple(value), value.values(), next(iter(lengths), 0))


def _is_split(value: dict[str, Any]) -> bool:
    if set(value) not in _SPLIT or not all(isinstance(value[key], list) for key in ("columns", "data")):
        return False
    return all(isinstance(row, list) for row in value["data"])


def _of_split(value: dict[str, Any]) -> Schema:
    names, data = value.get("columns"), value.get("data")
    if not isinstance(names, list) or not isinstance(data, list) or not all(isinstance(name, str) for name in names):
        return Schema()
    if any(not isinstance(row, list) or len(row) != len(names) for row in data):
        return Schema()
    return _of(tuple(names), zip(*data, strict=True) if data else [()] * len(names), len(data))


def _of(names: tuple[str, ...], columns: Iterable[Sequence[Any]], rows: int) -> Schema:
    if len(names) > MOST_COLUMNS:
        return Schema(rows=rows, rows_exact=True)
    return Schema.of(map(_field, names, columns), rows=rows)


def _field(name: str, values: Sequence[Any]) -> Field:
    kinds = frozenset(map(type, values))
    nullable = _NONE in kinds
    kinds -= {_NONE}
    found = _TYPES.get(kinds)
    if found is None:
        found = _integers(values, nullable=nullable) if kinds == {int} else _others(kinds)
    return Field(name, found, nullable or found == NOT_KNOWN)


def _integers(values: Sequence[Any], *, nullable: bool) -> pa.DataType:
    whole = [value for value in values if value is not None] if nullable else values
    low, high = min(whole), max(whole)
    if low >= -(2**63) and high < 2**63:
        return pa.int64()
    return pa.uint64() if low >= 0 and high < 2**64 else pa.string()


def _others(kinds: frozenset[type]) -> pa.DataType:
    """Kinds that do not go together became text; what lists and objects hold decides about their type."""
    return pa.string() if len(kinds) > 1 else NOT_KNOWN
