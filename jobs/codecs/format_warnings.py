"""Which mappings a format needs for a schema, known before the first byte is written."""

import pyarrow as pa

from jobs.codecs.base import Codec
from jobs.codecs.stored import INFINITE
from jobs.model import Warn

_TYPED = frozenset({"parquet", "arrow", "arrow-file"})


def format_warnings(schema: pa.Schema, codec: Codec) -> tuple[Warn, ...]:
    """A warning per column that the codec writes as something else; none for formats that carry Arrow's types."""
    if codec.name in _TYPED:
        return ()
    is_json = codec.name in ("json", "ndjson")
    return tuple(
        Warn(code=code, detail=f"column {field.name!r}: {detail}", column=field.name)
        for field in schema
        for code, detail in _mappings(field, is_json=is_json)
    )


def _mappings(field: pa.Field, *, is_json: bool) -> list[tuple[str, str]]:
    type_ = field.type.value_type if pa.types.is_dictionary(field.type) else field.type
    if is_json and INFINITE in (field.metadata or {}):
        return [("infinity_to_null", "Infinity is written as null")]
    if pa.types.is_nested(type_) and not is_json:
        return [("nested_to_text", "nested values are written as their JSON text")]
    for applies, code, detail in _AS_TEXT:
        if applies(type_) and (is_json or code == "binary_to_text"):
            return [(code, detail)]
    return []


_AS_TEXT = (
    (pa.types.is_decimal, "decimal_to_text", "decimals are written as strings, exactly"),
    (pa.types.is_timestamp, "timestamp_to_text", "timestamps are written as ISO 8601 strings"),
    (pa.types.is_date, "date_to_text", "dates are written as ISO 8601 strings"),
    (pa.types.is_time, "time_to_text", "times are written as ISO 8601 strings"),
    (pa.types.is_duration, "duration_to_text", "durations are written as ISO 8601 strings in seconds"),
    (
        lambda type_: pa.types.is_binary(type_) or pa.types.is_large_binary(type_),
        "binary_to_text",
        "bytes are written as base64",
    ),
    (pa.types.is_map, "map_to_object", "maps are written as objects, their keys as strings"),
)
