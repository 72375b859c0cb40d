"""The names of types: a schema's columns for the outside, a dtype's name to Arrow's type, and strict casts."""

import re
from collections.abc import Iterator, Mapping

import pyarrow as pa

from jobs.codecs.casting import Target, cast_column
from jobs.errors import ColumnUnknown, SpecInvalid
from jobs.hints import did_you_mean
from jobs.model import Column
from jobs.pointers import escaped

_UNITS = ("s", "ms", "us", "ns")

_PANDAS_NAMES: dict[str, pa.DataType] = {
    "int8": pa.int8(), "int16": pa.int16(), "int32": pa.int32(), "int64": pa.int64(),
    "uint8": pa.uint8(), "uint16": pa.uint16(), "uint32": pa.uint32(), "uint64": pa.uint64(),
    "Int8": pa.int8(), "Int16": pa.int16(), "Int32": pa.int32(), "Int64": pa.int64(),
    "UInt8": pa.uint8(), "UInt16": pa.uint16(), "UInt32": pa.uint32(), "UInt64": pa.uint64(),
    "float16": pa.float16(), "float32": pa.float32(), "float64": pa.float64(),
    "Float32": pa.float32(), "Float64": pa.float64(), "int": pa.int64(), "float": pa.float64(), "double": pa.float64(),
    "bool": pa.bool_(), "boolean": pa.bool_(),
    "str": pa.string(), "string": pa.string(), "category": pa.dictionary(pa.int32(), pa.string()),
    "date32": pa.date32(), "date": pa.date32(), "binary": pa.binary(), "bytes": pa.binary(),
    **{f"datetime64[{unit}]": pa.timestamp(unit) for unit in _UNITS},
    **{f"timedelta64[{unit}]": pa.duration(unit) for unit in _UNITS},
    **{f"timestamp[{unit}]": pa.timestamp(unit) for unit in _UNITS},
    **{f"duration[{unit}]": pa.duration(unit) for unit in _UNITS},
    "time32[s]": pa.time32("s"), "time32[ms]": pa.time32("ms"),
    "time64[us]": pa.time64("us"), "time64[ns]": pa.time64("ns"),
}  # fmt: skip
_ZONED = re.compile(r"(?:datetime64|timestamp)\[(s|ms|us|ns), ?(?:tz=)?([A-Za-z0-9_+:/-]{1,64})\]")
_DECIMAL = re.compile(r"decimal(|128|256)\((\d{1,2}), ?(-?\d{1,2})\)")
_LIST = re.compile(r"list<(?:item: |element: )?(.{1,200})>")
# what people would look for in a hint, leaving out second spellings
_SHOWN = (*(known for known in _PANDAS_NAMES if known.islower()), "datetime64[us, UTC]", "decimal128(12, 2)")

_PLAIN: tuple[tuple[pa.DataType, str], ...] = (
    *((type_, str(type_)) for type_ in (pa.int8(), pa.int16(), pa.int32(), pa.int64())),
    *((type_, str(type_)) for type_ in (pa.uint8(), pa.uint16(), pa.uint32(), pa.uint64())),
    (pa.float16(), "float16"), (pa.float32(), "float32"), (pa.float64(), "float64"), (pa.bool_(), "bool"),
    (pa.string(), "str"), (pa.large_string(), "str"), (pa.string_view(), "str"),
    (pa.large_binary(), "binary"), (pa.binary_view(), "binary"), (pa.null(), "object"),
    (pa.date32(), "date32"), (pa.date64(), "date64"),
)  # fmt: skip
_NAME_BY_ID = {type_.id: name for type_, name in _PLAIN}


def dtype_name(type_: pa.DataType) -> str:
    """pandas' name of `type_` where pandas has one (`int64`, `str`, `datetime64[us, UTC]`), else Arrow's."""
    if type_.id in _NAME_BY_ID:
        return _NAME_BY_ID[type_.id]
    if pa.types.is_timestamp(type_):
        return f"datetime64[{type_.unit}]" if type_.tz is None else f"datetime64[{type_.unit}, {type_.tz}]"
    if pa.types.is_duration(type_):
        return f"timedelta64[{type_.unit}]"
    return "category" if pa.types.is_dictionary(type_) else str(type_)


def columns_of(schema: pa.Schema) -> tuple[Column, ...]:
    """The schema as the contract shows it; `nullable` says that nulls occur, so integers with nulls are `int64` too."""
    return tuple(Column(name=field.name, dtype=dtype_name(field.type), nullable=field.nullable) for field in schema)


def exact_nullability(table: pa.Table) -> pa.Table:
    """The same table, each field nullable where nulls occur and only there; metadata is dropped."""
    if not table.num_columns:
        return table.replace_schema_metadata(None)
    fields = [
        pa.field(name, column.type, nullable=column.null_count > 0 or pa.types.is_null(column.type))
        for name, column in zip(table.column_names, table.columns, strict=True)
    ]
    return pa.Table.from_arrays(table.columns, schema=pa.schema(fields))


def parse_dtype(name: str, pointer: str = "") -> pa.DataType:
    """Arrow's type for pandas' or Arrow's dtype name; raises SpecInvalid with the nearest name there is."""
    text = name.strip()
    known = _PANDAS_NAMES.get(text)
    if known is None:
        known = _parameterised(text)
    if known is None:
        hint = (
            did_you_mean(text, _SHOWN)
            or "; pandas' names count (int64, str, category, datetime64[us, UTC]), and decimal128(12, 2), date32"
        )
        raise SpecInvalid(f"no dtype {name[:100]!r}{hint}", pointer)
    return known


def _parameterised(text: str) -> pa.DataType | None:
    try:
        if match := _ZONED.fullmatch(text):
            return pa.timestamp(match[1], match[2]) if _is_zone(match[2]) else None
        if match := _DECIMAL.fullmatch(text):
            build = pa.decimal256 if match[1] == "256" else pa.decimal128
            return build(int(match[2]), int(match[3]))
        if (match := _LIST.fullmatch(text)) and text.count("<") <= 8:
            return pa.list_(parse_dtype(match[1]))
    except (pa.ArrowInvalid, ValueError):
        return None
    return None


def _is_zone(name: str) -> bool:
    try:
        pa.lib.string_to_tzinfo(name)
    except (ValueError, KeyError, OSError, pa.ArrowInvalid):
        return False
    return True


def cast(table: pa.Table, dtypes: Mapping[str, str], name: str = "df") -> pa.Table:
    """The table with the columns of `dtypes` cast, strictly; `name` is the input's.

    Raises ColumnUnknown, SpecInvalid, or CastFailed with the column, the row (from 1) and the value.
    """
    for position, target in targets(table, dtypes, name):
        array = cast_column(table.column(position), target)
        table = table.set_column(position, pa.field(target.column, array.type), array)
    return table


def targets(table: pa.Table, dtypes: Mapping[str, str], name: str) -> Iterator[tuple[int, Target]]:
    """The positions of the columns that are cast, and to what; raises ColumnUnknown or SpecInvalid."""
    for column, dtype in dtypes.items():
        pointer = f"/inputs/{escaped(name)}/dtypes/{escaped(column)}"
        if column not in table.column_names:
            raise ColumnUnknown(column, table.column_names, pointer)
        type_ = parse_dtype(dtype, pointer)
        for position, field in enumerate(table.schema):
            if field.name == column:
                yield position, Target(type=type_, dtype=dtype, column=column, input=name, pointer=pointer)
