"""CSV's rows: the header by hand, since its names may repeat or be empty, the rest by Arrow's reader, all as text."""

import contextlib
import csv
import io
import re
from collections.abc import Callable, Iterable, Iterator, Mapping

import numpy as np
import pyarrow as pa
import pyarrow.csv as pacsv

from jobs.codecs.base import DecodeOptions
from jobs.codecs.budget import Budget
from jobs.codecs.delimited_quotes import open_in_last
from jobs.codecs.delimited_types import FALSE, TRUE
from jobs.errors import CellTooLarge, InputEmpty, InputMalformed
from jobs.hints import SAY_CHARSET

# what pandas' text columns are made of: read as such it needs no cast later, and Arrow's reader is 10 % faster
TEXT = pa.large_string()
_BLOCK_BYTES = 4 * 1024**2
_MOST_BYTES = 2**30  # Arrow counts a block's bytes in 32 bits
_HEADER_BYTES = 16 * 1024**2
_STRADDLES = "straddling"
"""What Arrow says of a row that two blocks do not hold."""
_LINE_END = re.compile(rb'"|\r\n|\n|\r')


def read_header(data: pa.Buffer, delimiter: str, options: DecodeOptions) -> tuple[list[str], pa.Buffer]:
    """The names in the first row that is not blank, and the bytes after it."""
    view = memoryview(data).cast("B")
    start = 0
    while start < len(view) and view[start] in b"\r\n":
        start += 1
    end, after = _first_line(view, start)
    if end == start:
        raise InputEmpty(f"input {options.name!r} has no header row", input=options.name)
    try:
        text = bytes(view[start:end]).decode("utf-8")
        if '"' not in text:  # the names alone would take ten times their text
            Budget(options).columns(text.count(delimiter) + 1)
        names = next(csv.reader(io.StringIO(text, newline=""), delimiter=delimiter, strict=True))
    except UnicodeDecodeError:
        raise _not_utf8(options, 0) from None
    except (csv.Error, StopIteration) as error:
        raise InputMalformed(
            f"the header of input {options.name!r} cannot be read ({error})", input=options.name
        ) from None
    return names, data.slice(after)


def _first_line(view: memoryview, start: int) -> tuple[int, int]:
    quoted = False
    for match in _LINE_END.finditer(view, start, min(len(view), start + _HEADER_BYTES)):
        if match[0] == b'"':
            quoted = not quoted
        elif not quoted:
            return match.start(), match.end()
    return len(view), len(view)


def read_rows(body: pa.Buffer, width: int, delimiter: str, options: DecodeOptions) -> pa.Table:
    """The rows as text columns named by position: an empty field is null unless it was quoted."""
    schema = pa.schema([(str(position), TEXT) for position in range(width)])
    raw = np.frombuffer(body, np.uint8)
    if not _has_content(raw, width):
        return schema.empty_table()
    quotes = count_quotes(raw)
    quoted = quotes > 0
    try:
        rows = _read_however_long(body, schema, delimiter, options, quoted=quoted)
    except pa.ArrowInvalid as error:
        _check_longest(error, raw, options)
        raise _explained(error, body, schema, delimiter, options) from None
    # quotes that are closed come in pairs, those within a value too
    if quotes % 2 and open_in_last(body, rows, delimiter) is not None:
        detail = f"input {options.name!r}, row {rows.num_rows}: a quote is opened and never closed"
        raise InputMalformed(detail, input=options.name, row=rows.num_rows)
    return rows


def rows_of(
    body: pa.Buffer, width: int, delimiter: str, longest: int, on_bad_row: Callable[[pacsv.InvalidRow], str]
) -> pa.Table:
    """The rows as `read_rows` gives them, one after the other; `on_bad_row` says `skip` or `error` to a misfit.

    Rows of up to `longest` bytes are read.
    """
    schema = pa.schema([(str(position), TEXT) for position in range(width)])
    if not _has_content(np.frombuffer(body, np.uint8), width):
        return schema.empty_table()
    return _read(body, schema, delimiter, quoted=True, threads=False, on_bad_row=on_bad_row, block=longest)


def _read_however_long(
    body: pa.Buffer, schema: pa.Schema, delimiter: str, options: DecodeOptions, *, quoted: bool
) -> pa.Table:
    """The rows, where need be once more with blocks that hold rows of the size of the largest cell."""
    try:
        return _read(body, schema, delimiter, quoted=quoted)
    except pa.ArrowInvalid as error:
        if _STRADDLES not in str(error) or body.size <= _BLOCK_BYTES:
            raise
    return _read(body, schema, delimiter, quoted=quoted, block=options.limits.cell_bytes)


def parse_rows(
    body: pa.Buffer, width: int, types: Mapping[int, pa.DataType], delimiter: str, *, quoted: bool
) -> pa.Table:
    """The columns at these positions, of these types, of rows of `width` values.

    `quoted` says that values may stand in quotes, and so hold line breaks. Raises pa.ArrowInvalid where rows differ.
    """
    schema = pa.schema([(str(position), types.get(position, TEXT)) for position in range(width)])
    return _read(body, schema, delimiter, quoted=quoted, positions=types)


def count_quotes(raw: np.ndarray) -> int:
    """How many quotes there are, in blocks that stay in the CPU's cache."""
    return sum(int(np.count_nonzero(piece == ord('"'))) for piece in _blocks(raw))


def _has_content(raw: np.ndarray, width: int) -> bool:
    """Whether any row stands there; in one column a blank line is a null, elsewhere nothing."""
    return (
        raw.size > 0
        if width == 1
        else bool(np.any((raw[:4096] != 10) & (raw[:4096] != 13)) or np.any((raw != 10) & (raw != 13)))
    )


def _check_longest(error: pa.ArrowInvalid, raw: np.ndarray, options: DecodeOptions) -> None:
    """Raise CellTooLarge where the reader met a row that even its largest block does not hold."""
    if _STRADDLES in str(error) and raw.size > options.limits.cell_bytes:
        what = f"a row of input {options.name!r}"
        raise CellTooLarge(what, options.limits.cell_bytes, "; is a quote never closed?", input=options.name) from None


def check_cells(body: pa.Buffer, width: int, options: DecodeOptions) -> None:
    """Refuse what is too many rows or cells by a count of line breaks; raises TooManyRows or DecodedTooLarge.

    Text columns take eight bytes for each value, whatever stands in it.
    """
    raw, budget = np.frombuffer(body, np.uint8), Budget(options)
    rows = sum(int(np.count_nonzero(piece == 10)) for piece in _blocks(raw))
    # blank lines do not count as rows, so only a clear excess is refused before it is read
    if budget.has_room(8 * width * rows) and rows <= 2 * options.limits.rows + 1_000:
        return
    rows = _rows_outside_quotes(raw)
    if rows > 2 * options.limits.rows + 1_000:
        budget.rows(rows)
    budget.fits(8 * width * rows)


def _rows_outside_quotes(raw: np.ndarray) -> int:
    rows, inside = 0, 0
    for piece in _blocks(raw):
        open_quotes = (np.cumsum(piece == ord('"')) + inside) & 1
        ends = (piece == 10) & (open_quotes == 0)
        blank = ends[1:] & (piece[:-1] == 10)
        rows += int(np.count_nonzero(ends)) - int(np.count_nonzero(blank))
        inside = int(open_quotes[-1])
    return rows


def _blocks(raw: np.ndarray) -> Iterator[np.ndarray]:
    return (raw[start : start + 2**17] for start in range(0, raw.size, 2**17))


def _read(
    body: pa.Buffer,
    schema: pa.Schema,
    delimiter: str,
    *,
    quoted: bool,
    threads: bool = True,
    on_bad_row: object = None,
    positions: Iterable[int] = (),
    block: int = _BLOCK_BYTES,
) -> pa.Table:
    return pacsv.read_csv(
        pa.BufferReader(body),
        # two blocks must hold the longest row; larger blocks also mean fewer chunks to join later
        read_options=pacsv.ReadOptions(
            column_names=schema.names, use_threads=threads, block_size=int(min(block, max(body.size, 1), _MOST_BYTES))
        ),
        parse_options=pacsv.ParseOptions(
            delimiter=delimiter,
            newlines_in_values=quoted,
            ignore_empty_lines=len(schema) > 1,
            invalid_row_handler=on_bad_row,
        ),
        convert_options=pacsv.ConvertOptions(
            column_types=schema,
            include_columns=list(map(str, positions)),  # none means all
            true_values=list(TRUE),
            false_values=list(FALSE),
            null_values=[""],
            strings_can_be_null=True,
            quoted_strings_can_be_null=False,
        ),
    )


def _explained(
    error: pa.ArrowInvalid, body: pa.Buffer, schema: pa.Schema, delimiter: str, options: DecodeOptions
) -> InputMalformed:
    """The same failure with its row: the text is read again, in order, which only a broken input pays."""
    text = str(error)
    if (bad := _row_of_bad_bytes(body)) is not None:
        return _not_utf8(options, bad)
    found: list[tuple[int | None, int]] = []

    def remember(row: pacsv.InvalidRow) -> str:
        found.append((row.number, row.actual_columns))
        return "error"

    with contextlib.suppress(pa.ArrowInvalid):
        rows_of(body, len(schema), delimiter, options.limits.cell_bytes, remember)
    if not found:
        reason = text.splitlines()[0][:200]
        return InputMalformed(f"input {options.name!r} cannot be read as rows ({reason})", input=options.name)
    number, actual = found[0]
    row = number or None
    where = f"row {row}" if row else "a row"
    semicolons = len(schema) == 1 and b";" in body.slice(0, min(4096, body.size)).to_pybytes().partition(b"\n")[0]
    hint = (
        "fields are parted by commas in CSV and by tabs in TSV, never by semicolons"
        if semicolons
        else "quote values that hold the delimiter, a quote or a line break"
    )
    detail = f"input {options.name!r}, {where}: {actual} fields where the header has {len(schema)}; {hint}"
    return InputMalformed(detail, input=options.name, row=row)


def _row_of_bad_bytes(body: pa.Buffer) -> int | None:
    try:
        body.to_pybytes().decode("utf-8")
    except UnicodeDecodeError as error:
        before = body.slice(0, error.start).to_pybytes().decode("utf-8")
        rows = list(csv.reader(io.StringIO(before, newline="")))
        return max(1, len(rows) + (before.endswith(("\n", "\r")) or not rows))
    return None


def _not_utf8(options: DecodeOptions, row: int | None) -> InputMalformed:
    where = "the header" if row == 0 else f"row {row}" if row else "the text"
    detail = f"input {options.name!r}: {where} is not UTF-8; {SAY_CHARSET}"
    return InputMalformed(detail, input=options.name, row=row or None)
