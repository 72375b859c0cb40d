"""What Arrow's readers let pass in a damaged file, and what would fail much later: names, zones, codes, views.

Arrow can neither filter nor take rows of views (`string_view`) and of runs, so those become plain columns here.
"""

import pyarrow as pa
import pyarrow.compute as pc


def sound(table: pa.Table) -> pa.Table:
    """The table without metadata, views and runs.

    Raises ValueError or KeyError on names not UTF-8, unknown zones, wild codes.
    """
    for field in table.schema:
        _check(field)
    if any(pa.types.is_dictionary(field.type) for field in table.schema):
        table.validate(full=True)
    for place, field in enumerate(table.schema):
        column = _plain_column(table.column(place))
        if column.type != field.type:
            table = table.set_column(place, field.with_type(column.type), column)
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


def _plain_column(column: pa.ChunkedArray) -> pa.ChunkedArray:
    if pa.types.is_run_end_encoded(column.type) and _plain(column.type.value_type) == column.type.value_type:
        column = pc.run_end_decode(column)
    wanted = _plain(column.type)
    return column if wanted == column.type else column.cast(wanted)


def _plain(type_: pa.DataType) -> pa.DataType:
    """The type that holds the same values without views, at any depth."""
    if pa.types.is_string_view(type_):
        return pa.large_string()
    if pa.types.is_binary_view(type_):
        return pa.large_binary()
    if pa.types.is_struct(type_):
        return pa.struct([field.with_type(_plain(field.type)) for field in type_])
    if pa.types.is_map(type_):
        return pa.map_(_plain(type_.key_type), _plain(type_.item_type), keys_sorted=type_.keys_sorted)
    if pa.types.is_fixed_size_list(type_):
        return pa.list_(type_.value_field.with_type(_plain(type_.value_type)), type_.list_size)
    if pa.types.is_list(type_):
        return pa.list_(type_.value_field.with_type(_plain(type_.value_type)))
    if pa.types.is_large_list(type_):
        return pa.large_list(type_.value_field.with_type(_plain(type_.value_type)))
    return type_  # lists of views too: rows of those can be taken, and Arrow 26 casts them wrongly
