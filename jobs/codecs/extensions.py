"""Arrow's extension types: a pipeline knows what they are stored as, and UUIDs as their text."""

import uuid
from typing import Any

import pyarrow as pa

from jobs.model import Warn


def plain_table(table: pa.Table) -> tuple[pa.Table, tuple[Warn, ...]]:
    """The table without extension types, and a warning for each column that had one."""
    if not any(isinstance(field.type, pa.BaseExtensionType) for field in table.schema):
        return table, ()
    warnings: list[Warn] = []
    for place, field in enumerate(table.schema):
        if isinstance(field.type, pa.BaseExtensionType):
            chunks = [plain_array(chunk, field.name, []) for chunk in table.column(place).chunks]
            column = pa.chunked_array(chunks, plain_array(_none(field.type), field.name, warnings).type)
            table = table.set_column(place, pa.field(field.name, column.type, field.nullable), column)
    return table, tuple(warnings)


def plain_array(array: pa.Array, name: str, warnings: list[Warn]) -> pa.Array:
    """The array as text where it holds UUIDs, else as it is stored; an array without an extension type as it is."""
    if not isinstance(array.type, pa.BaseExtensionType):
        return array
    if array.type == pa.uuid():
        warnings.append(Warn(code="uuid_to_text", detail=f"column {name!r}: UUIDs became their text", column=name))
        return pa.array([_text(value) for value in array.storage.to_pylist()], pa.string())
    detail = f"column {name!r}: values of {array.type} became the {array.type.storage_type} they are stored as"
    warnings.append(Warn(code="extension_to_storage", detail=detail, column=name))
    return array.storage


def _none(type_: Any) -> pa.Array:
    return pa.ExtensionArray.from_storage(type_, pa.array([], type_.storage_type))


def _text(value: bytes | None) -> str | None:
    return None if value is None else str(uuid.UUID(bytes=value))
