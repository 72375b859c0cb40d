"""What each format makes of each kind of column, and what of it comes back: one table for code, docs and tests.

The warnings of an answer are read from it, the table in docs/formats.md is printed from it, and a test writes and reads
a sample of every cell.
"""

from collections.abc import Mapping
from enum import StrEnum
from typing import Final, NamedTuple

import pyarrow as pa


class Back(StrEnum):
    """What comes back where the bytes are read again; the values are the signs of the table in the docs."""

    SAME = "✓"
    DTYPES = "d"
    VALUES = "v"
    CHANGED = "–"
    REFUSED = "✗"


class Fate(NamedTuple):
    """How a kind is written, the warning of it, and what comes back; `late` where only the values tell."""

    written: str
    back: Back
    code: str = ""
    late: bool = False


FAMILIES: Final[Mapping[str, tuple[str, ...]]] = {
    "JSON": ("json",),
    "NDJSON": ("ndjson",),
    "CSV, TSV": ("csv", "tsv"),
    "Parquet": ("parquet",),
    "Arrow": ("arrow", "arrow-file"),
    "Excel": ("xlsx",),
}
"""The formats that are read again, by the columns of the table; HTML is for people, and says so in one warning."""
FAMILY_OF: Final[Mapping[str, str]] = {name: family for family, names in FAMILIES.items() for name in names}

DETAILS: Final[Mapping[str, str]] = {
    "decimal_to_text": "decimals are written as text, exactly; dtypes read them back",
    "timestamp_to_text": "timestamps are written as ISO 8601 text",
    "date_to_text": "dates are written as ISO 8601 text",
    "time_to_text": "times are written as ISO 8601 text",
    "duration_to_text": "durations are written as ISO 8601 text in seconds",
    "binary_to_text": "bytes are written as base64",
    "map_to_object": "maps are written as objects, their keys as strings",
    "nested_to_text": "nested values are written as their JSON text",
    "category_to_value": "a category is written as its value; categories, their order and those unused are left out",
    "infinity_to_null": "Infinity is written as null",
    "nan_to_null": "NaN within nested values is written as null",
    "unit_to_ms": "seconds are written as milliseconds, the coarsest unit of this format",
}

_OK: Final = Fate("same", Back.SAME)


def _row(json: Fate, csv: Fate, parquet: Fate, arrow: Fate, excel: Fate, *, ndjson: Fate | None = None) -> list[Fate]:
    return [json, ndjson or json, csv, parquet, arrow, excel]


def _typed(json: Fate, csv: Fate, excel: Fate, *, parquet: Fate = _OK, ndjson: Fate | None = None) -> list[Fate]:
    return _row(json, csv, parquet, _OK, excel, ndjson=ndjson)


def _text(written: str, code: str, excel: Fate | None = None, *, parquet: Fate = _OK) -> list[Fate]:
    """Text in all formats that have no types, and back with `dtypes`."""
    fate = Fate(written, Back.DTYPES, code)
    return _typed(fate, fate, excel or fate, parquet=parquet)


def _same(json: str, csv: str, excel: str) -> list[Fate]:
    return _typed(Fate(json, Back.SAME), Fate(csv, Back.SAME), Fate(excel, Back.SAME))


_ISO: Final = "ISO 8601, as many digits as its unit"
_DATE_CELL: Final = "a date cell where it is exact (March 1900 to 9999, milliseconds), else ISO 8601"
_MS: Final = Fate("in milliseconds", Back.VALUES, "unit_to_ms")
_TEXT_OF_NESTED: Final = Fate("its JSON text", Back.CHANGED, "nested_to_text")
_VALUE: Final = Fate("its value", Back.DTYPES, "category_to_value")
_NO_DTYPES: Final = "empty_without_dtypes"

_ROWS: Final[Mapping[str, list[Fate]]] = {
    "int64": _same("number", "digits", "number"),
    "integer of another width": _typed(
        Fate("number", Back.DTYPES), Fate("digits", Back.DTYPES), Fate("number", Back.DTYPES)
    ),
    "integer beyond 2^53": _typed(
        Fate("number", Back.SAME),
        Fate("digits", Back.SAME),
        Fate("digits as text", Back.DTYPES, "integer_to_text", late=True),
    ),
    "boolean": _same("`true`", "`true`", "TRUE"),
    "float": _same("shortest text that reads back the same", "the same text", "number, all 17 digits"),
    "float, whole numbers only": _typed(
        Fate("`1.0`", Back.SAME), Fate("`1.0`", Back.SAME), Fate("number", Back.DTYPES)
    ),
    "Infinity": _typed(
        Fate("`null`", Back.CHANGED, "infinity_to_null"),
        Fate("`inf`, `-inf`", Back.SAME),
        Fate("`inf`, `-inf` as text", Back.DTYPES, "infinity_to_text", late=True),
    ),
    "null": _same("`null`", "empty field", "empty cell"),
    "text": _same("string", "quoted only where it must be", "text, never a formula"),
    "text like `001`, `NA`, `=1+1`": _same("string", "as it is", "text"),
    "text like `12`, `true`": _typed(Fate("string", Back.SAME), Fate("as it is", Back.DTYPES), Fate("text", Back.SAME)),
    "empty text": _typed(
        Fate('`""`', Back.SAME), Fate('`""`', Back.SAME), Fate("empty cell", Back.CHANGED, "empty_to_null", late=True)
    ),
    "decimal": _text("text, exact", "decimal_to_text"),
    "timestamp": _text(_ISO, "timestamp_to_text", Fate(_DATE_CELL, Back.DTYPES, "timestamp_to_text", late=True)),
    "timestamp in seconds": _text(
        _ISO, "timestamp_to_text", Fate(_DATE_CELL, Back.DTYPES, "timestamp_to_text", late=True), parquet=_MS
    ),
    "timestamp with zone": _text(f"{_ISO}, with its offset", "timestamp_to_text"),
    "date": _text("ISO 8601", "date_to_text", Fate(_DATE_CELL, Back.SAME, "date_to_text", late=True)),
    "time": _text("ISO 8601", "time_to_text"),
    "time in seconds": _text("ISO 8601", "time_to_text", parquet=_MS),
    "duration": _text("ISO 8601 in seconds: `PT90.500S`, `-PT1.5S`", "duration_to_text"),
    "binary": _text("base64", "binary_to_text"),
    "list, struct": _typed(Fate("nested", Back.SAME), _TEXT_OF_NESTED, _TEXT_OF_NESTED),
    "list, struct with NaN or Infinity": _typed(
        Fate("nested, with `null`", Back.CHANGED, "infinity_to_null"), _TEXT_OF_NESTED, _TEXT_OF_NESTED
    ),
    "map": _typed(Fate("object, keys as strings", Back.CHANGED, "map_to_object"), _TEXT_OF_NESTED, _TEXT_OF_NESTED),
    "category": _typed(_VALUE, _VALUE, _VALUE),
    "category without values": _typed(
        *[Fate("`null`, empty", Back.VALUES, "category_to_value")] * 3,
        parquet=Fate("a dictionary of text", Back.VALUES),
    ),
    "only null": _typed(Fate("`null`", Back.SAME), Fate("empty field", Back.VALUES), Fate("empty cell", Back.VALUES)),
    "repeated name": _typed(
        Fate("refused; `orient=split` has it", Back.REFUSED), _OK, _OK, ndjson=Fate("refused", Back.REFUSED)
    ),
    "empty name": _typed(_OK, _OK, _OK),
    "no rows": _typed(
        Fate("`[]`; `split` and `columns` have the names", Back.CHANGED, _NO_DTYPES),
        Fate("the header", Back.CHANGED, _NO_DTYPES),
        Fate("the header", Back.CHANGED, _NO_DTYPES),
        ndjson=Fate("nothing, which is not read", Back.CHANGED, _NO_DTYPES),
    ),
}
FATES: Final[Mapping[str, Mapping[str, Fate]]] = {
    kind: dict(zip(FAMILIES, fates, strict=True)) for kind, fates in _ROWS.items()
}


def kind_of(type_: pa.DataType) -> str:
    """The row of the table for a type whose values need not be looked at."""
    is_ = pa.types
    if is_.is_dictionary(type_):
        return "category"
    if is_.is_timestamp(type_):
        return "timestamp with zone" if type_.tz else "timestamp in seconds" if type_.unit == "s" else "timestamp"
    if is_.is_time(type_):
        return "time in seconds" if type_.unit == "s" else "time"
    tests = (
        (is_.is_decimal, "decimal"), (is_.is_date, "date"), (is_.is_duration, "duration"), (is_.is_map, "map"),
        (is_.is_nested, "list, struct"),
        (is_.is_binary, "binary"), (is_.is_large_binary, "binary"), (is_.is_binary_view, "binary"),
        (is_.is_fixed_size_binary, "binary"),
    )  # fmt: skip
    return next((kind for test, kind in tests if test(type_)), "text")


def table() -> str:
    """The table as Markdown, for docs/formats.md."""
    lines = [f"| kind of column | {' | '.join(FAMILIES)} |", f"|---{'|---' * len(FAMILIES)}|"]
    for kind, fates in FATES.items():
        cells = " | ".join(_cell(fate) for fate in fates.values())
        lines.append(f"| {kind} | {cells} |")
    return "\n".join(lines) + "\n"


def _cell(fate: Fate) -> str:
    return f"{fate.written} {f'[`{fate.code}`] ' if fate.code else ''}{fate.back}"
