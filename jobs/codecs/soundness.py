"""What Arrow's readers let pass in a damaged file, and what would fail much later: names, zones, dictionary codes."""

import pyarrow as pa


def sound(table: pa.Table) -> pa.Table:
    """The table without metadata; raises ValueError or KeyError on names not UTF-8, unknown zones, wild codes."""
    for field in table.schema:
        _check(field)
    if any(pa.types.is_dictionary(field.type) for field in table.schema):
        table.validate(full=True)
    return table.replace_schema_metadata(None)


def _check(field: pa.Field) -> None:
    field.name.encode()  # asking for the name decodes it
    type_ = field.type
    if pa.types.is_timestamp(type_) and type_.tz is not None:
        pa.lib.string_to_tzinfo(type_.tz)
    if pa.types.is_dictionary(type_):
        _check(pa.field("", type_.value_type))
    for position in range(type_.num_fields):
        _check(type_.field(position))
