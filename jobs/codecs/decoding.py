"""The one entry for inputs: Content-Encoding off, codec, casts, limits, exact schema."""

import pyarrow as pa

from jobs.codecs.base import Decoded, DecodeOptions
from jobs.codecs.budget import Budget
from jobs.codecs.compression import decompress
from jobs.codecs.floats import has_nan
from jobs.codecs.picking import only
from jobs.codecs.schema import cast, exact_nullability
from jobs.codecs.table import by_media_type
from jobs.model import Warn


def decode(data: pa.Buffer, media_type: str, encoding: str | None, options: DecodeOptions) -> Decoded:
    """The table of an encoded input, every field nullable where nulls occur, and what was mapped on the way.

    Of `options.columns` where they are given.
    Raises FormatUnsupported, InputMalformed, InputEmpty, CastFailed, ColumnUnknown, SpecInvalid, CountExceeded or
    SizeExceeded.
    """
    codec = by_media_type(media_type)
    decoded = codec.decode(decompress(data, encoding, options.limits), options)
    width = decoded.table.num_columns if decoded.width is None else decoded.width
    table = only(decoded.table, options.columns)
    table = cast(table, options.dtypes, options.name) if options.dtypes else table
    budget = Budget(options)
    budget.columns(width)
    budget.table(table)
    table = exact_nullability(table)
    return Decoded(table, (*decoded.warnings, *_nan_warnings(table, options.name)), width)


def _nan_warnings(table: pa.Table, name: str) -> list[Warn]:
    return [
        Warn(code="nan_to_null", detail=f"input {name!r}, column {column!r}: NaN is missing, like null", column=column)
        for column, values in zip(table.column_names, table.columns, strict=True)
        if has_nan(values)
    ]
