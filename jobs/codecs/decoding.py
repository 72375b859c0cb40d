"""The one entry for inputs: Content-Encoding off, codec, casts, limits, exact schema."""

import pyarrow as pa

from jobs.codecs.base import Codec, Decoded, DecodeOptions
from jobs.codecs.budget import Budget
from jobs.codecs.compression import decompress
from jobs.codecs.extensions import plain_table
from jobs.codecs.floats import has_nan
from jobs.codecs.picking import only
from jobs.codecs.schema import cast, exact_nullability
from jobs.codecs.setting_aside import cast_others
from jobs.codecs.table import by_media_type
from jobs.model import Warn

# the types of the rows that are left may make others bad in turn; where that does not end, what is bad fails the input
_ROUNDS = 4


def decode(data: pa.Buffer, media_type: str, encoding: str | None, options: DecodeOptions) -> Decoded:
    """The table of an encoded input, every field nullable where nulls occur, and what was mapped on the way.

    Of `options.columns` where they are given.
    Raises FormatUnsupported, InputMalformed, InputEmpty, CastFailed, ColumnUnknown, SpecInvalid or a
    LimitExceeded; with `options.rejects` RejectsExceeded.
    """
    codec = by_media_type(media_type)
    plain = decompress(data, encoding, options.limits)
    decoded = _cast(codec, plain, options) if options.rejects is None else _setting_aside(codec, plain, options)
    table = decoded.table
    width = table.num_columns if decoded.width is None else decoded.width
    budget = Budget(options)
    budget.columns(width)
    budget.table(table)
    if decoded.rows is not None:  # seen part by part, as below
        return decoded
    table, mapped = plain_table(table)
    table = exact_nullability(table)
    return Decoded(table, (*decoded.warnings, *mapped, *_nan_warnings(table, options.name)), width)


def _cast(codec: Codec, data: pa.Buffer, options: DecodeOptions) -> Decoded:
    decoded = codec.decode(data, options)
    table = only(decoded.table, options.columns)
    table = cast(table, options.dtypes, options.name) if options.dtypes else table
    return decoded._replace(table=table, width=decoded.width or decoded.table.num_columns)


def _setting_aside(codec: Codec, data: pa.Buffer, options: DecodeOptions) -> Decoded:
    """As `_cast`, without the rows that go into `options.rejects`.

    Where types are told from values, what is left is decoded anew: the bad rows must not have a say in them.
    """
    rejects = options.rejects
    if rejects is None:
        return _cast(codec, data, options)
    for _ in range(_ROUNDS):
        before = rejects.count
        decoded = codec.decode(data, options)
        found = rejects.count if decoded.guessed else before
        table = only(decoded.table, options.columns)
        table = cast_others(table, options.dtypes, rejects, shown=not decoded.guessed) if options.dtypes else table
        if rejects.count == found or not decoded.guessed:
            return decoded._replace(table=table, width=decoded.width or decoded.table.num_columns)
    return _cast(codec, data, options)


def _nan_warnings(table: pa.Table, name: str) -> list[Warn]:
    return [
        Warn(code="nan_to_null", detail=f"input {name!r}, column {column!r}: NaN is missing, like null", column=column)
        for column, values in zip(table.column_names, table.columns, strict=True)
        if has_nan(values)
    ]
