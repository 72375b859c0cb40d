"""JSON in its three orients: records, columns and split. The parser is msgspec's: strict, and exact for integers."""

from collections.abc import Iterable, Iterator, Sequence
from itertools import islice
from typing import Any

import pyarrow as pa

from jobs.codecs.base import Decoded, DecodeOptions, EncodeOptions
from jobs.codecs.json_columns import Columns
from jobs.codecs.json_parse import complaint, parse, parse_rows
from jobs.codecs.json_rejects import GoodRows, elements
from jobs.codecs.json_write import columns_text, records_text, split_text
from jobs.errors import InputEmpty, InputMalformed, SpecInvalid

ORIENTS = ("records", "columns", "split")
_SPLIT_KEYS = ({"columns", "data"}, {"columns", "data", "index"})
_WRITERS = {"records": records_text, "columns": columns_text, "split": split_text}
# below this a table is parsed in one go; above, in batches, so that not all of it is Python objects at once
_WHOLE = 4 * 1024**2
_BATCH = 32_768


class Json:
    """`application/json`; without an orient the shape decides: an array is records, an object columns or split."""

    name = "json"
    media_types: tuple[str, ...] = ("application/json", "text/json")
    extension = "json"
    reads = True
    missing = ""

    def decode(self, data: pa.Buffer, options: DecodeOptions) -> Decoded:
        """The table of a JSON text; see `Codec.decode`, and docs/formats.md for the mappings."""
        orient = check_orient(options.orient)
        start = _first_byte(data)
        if start == b"":
            raise InputEmpty(f"input {options.name!r} is empty; [] is a table without rows", input=options.name)
        if start == b"[" and orient in (None, "records"):
            return _records(data, options)
        if start != b"{":
            raise _unexpected(options, orient)
        value = parse(data, options)
        if orient is None:
            is_split = set(value) in _SPLIT_KEYS and all(isinstance(value[key], list) for key in ("columns", "data"))
            is_split = is_split and all(isinstance(row, list) for row in value["data"])
            orient = "split" if is_split else "columns"
        if orient == "records":
            raise _unexpected(options, orient)
        return _split(value, options) if orient == "split" else _columns(value, options)

    def encode(self, batches: pa.RecordBatchReader, options: EncodeOptions) -> Iterator[bytes]:
        """The JSON text, batch by batch (`columns` holds it all); see `Codec.encode`."""
        return _WRITERS[check_orient(options.orient) or "records"](batches)


def check_orient(orient: str | None) -> str | None:
    """The orient as it is; raises SpecInvalid for one there is not."""
    if orient is not None and orient not in ORIENTS:
        raise SpecInvalid(f"no orient {orient[:40]!r}; there is records, columns and split")
    return orient


def _first_byte(data: pa.Buffer) -> bytes:
    view = memoryview(data)
    for start in range(0, len(view), 4096):
        if text := bytes(view[start : start + 4096]).lstrip(b" \t\r\n"):
            return text[:1]
    return b""


def _unexpected(options: DecodeOptions, orient: str | None) -> InputMalformed:
    wanted = {
        None: "an array of records, or an object of columns",
        "records": "an array of records",
        "columns": "an object of arrays",
        "split": 'an object with "columns" and "data"',
    }[orient]
    return InputMalformed(f"input {options.name!r} is not {wanted}", input=options.name)


def _records(data: pa.Buffer, options: DecodeOptions) -> Decoded:
    columns = Columns(options)
    try:
        batches: Iterable[list[Any]] = (
            (parse(data, options),) if data.size <= _WHOLE else parse_rows(data, options, _BATCH)
        )
        for batch in batches:
            columns.add_records(batch)
    except InputMalformed:
        apart = None if options.rejects is None else elements(memoryview(data), options)
        if apart is None:
            raise
        columns = Columns(options)
        while batch := list(islice(apart, _BATCH)):
            columns.add_records(batch)
    return columns.decoded()


def _columns(value: dict[str, Any], options: DecodeOptions) -> Decoded:
    lengths = {}
    for name, values in value.items():
        if not isinstance(values, list):
            detail = f"input {options.name!r}: column {name!r} is {complaint(values)}, not an array"
            raise InputMalformed(detail, input=options.name)
        lengths[name] = len(values)
    if len(set(lengths.values())) > 1:
        first, *others = lengths.items()
        name, length = next(other for other in others if other[1] != first[1])
        detail = f"input {options.name!r}: column {name!r} has {length:,} values where {first[0]!r} has {first[1]:,}"
        raise InputMalformed(detail, input=options.name)
    columns, rows = Columns(options), next(iter(lengths.values()), 0)
    given: Sequence[Sequence[Any]] = list(value.values())
    if options.rejects is not None and options.rejects.count:
        given, rows = GoodRows(options.rejects).columns(given, rows)
    columns.add(list(value), given, rows=rows)
    return columns.decoded()


def _split(value: dict[str, Any], options: DecodeOptions) -> Decoded:
    names, data = value.get("columns"), value.get("data")
    if not isinstance(names, list) or not isinstance(data, list) or not all(isinstance(name, str) for name in names):
        raise InputMalformed(
            f"input {options.name!r}: split wants a list of names under columns and rows under data", input=options.name
        )
    width = len(names)
    if options.rejects is not None:
        data = GoodRows(options.rejects).arrays(data, width)
    for number, row in enumerate(data, 1):
        if not isinstance(row, list) or len(row) != width:
            found = f"{len(row)} values" if isinstance(row, list) else complaint(row)
            detail = f"input {options.name!r}, row {number}: {found} where there are {width} columns"
            raise InputMalformed(detail, input=options.name, row=number)
    columns = Columns(options)
    columns.add(names, list(zip(*data, strict=True)) if data else [()] * width, rows=len(data))
    return columns.decoded()
