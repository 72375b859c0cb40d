"""CSV and TSV: the header read here, the rows by Arrow as text, the types decided by the contract's rules."""

import codecs
import re
from collections.abc import Iterator

import pyarrow as pa

from jobs.codecs.base import Decoded, DecodeOptions, EncodeOptions
from jobs.codecs.budget import Budget
from jobs.codecs.delimited_fast import read_typed
from jobs.codecs.delimited_rejects import read_others
from jobs.codecs.delimited_rows import check_cells, read_header
from jobs.codecs.delimited_types import typed_column
from jobs.codecs.delimited_write import written
from jobs.codecs.picking import picked
from jobs.errors import FormatUnsupported, InputEmpty, InputMalformed
from jobs.model import Warn

_CHARSET_NAME = re.compile(r"[a-z0-9][a-z0-9_.:()-]{0,39}")
_SHOWN_CHARSETS = ("utf-8", "utf-16", "latin-1", "cp1252", "iso-8859-15", "shift_jis", "gb18030", "big5", "euc-kr")
# by the names that `codecs.lookup` gives
_CHARSETS = frozenset(
    [
        *("utf-8", "utf-8-sig", "ascii", "utf-16", "utf-16-le", "utf-16-be", "utf-32", "utf-32-le", "utf-32-be"),
        *(f"iso8859-{part}" for part in range(1, 17) if part != 12),
        *(f"cp{page}" for page in (*range(1250, 1259), 437, 850, 852, 866, 874, 932, 949, 950)),
        *("koi8-r", "koi8-u", "mac-roman", "tis-620"),
        *("shift_jis", "euc_jp", "gb2312", "gbk", "gb18030", "big5", "big5hkscs", "euc_kr"),
    ]
)
_UTF8_BOM = b"\xef\xbb\xbf"


class Delimited:
    """Text with one row a line and a header, separated by `delimiter`."""

    reads = True
    missing = ""

    def __init__(self, name: str, media_types: tuple[str, ...], delimiter: str) -> None:
        self.name, self.media_types, self.extension = name, media_types, name
        self._delimiter = delimiter

    def decode(self, data: pa.Buffer, options: DecodeOptions) -> Decoded:
        """The table of a CSV or TSV text; see `Codec.decode`, and docs/formats.md for the rules."""
        data = _utf8(data, options)
        if data.size == 0:
            raise InputEmpty(f"input {options.name!r} is empty; a header row is needed", input=options.name)
        header, body = read_header(data, self._delimiter, options)
        budget = Budget(options)
        budget.columns(len(header))
        check_cells(body, len(header), options)
        positions = picked(header, options.columns)
        names = [header[position] for position in positions]
        fast = None if _has_rejects(options) else read_typed(body, header, positions, self._delimiter, options)
        if fast is not None:
            return Decoded(pa.Table.from_arrays(fast, names=names), width=len(header))
        rows = read_others(body, len(header), self._delimiter, options)
        budget.table(rows)
        warnings: list[Warn] = []
        # a column with a dtype of its own stays text until that cast, so that nothing is guessed before it
        columns = [
            rows.column(position) if name in options.dtypes else typed_column(rows.column(position), name, warnings)
            for position, name in zip(positions, names, strict=True)
        ]
        return Decoded(pa.Table.from_arrays(columns, names=names), tuple(warnings), len(header), guessed=True)

    def encode(self, batches: pa.RecordBatchReader, _options: EncodeOptions, /) -> Iterator[bytes]:
        """A header and the rows, batch by batch; see `Codec.encode`."""
        return written(batches, self._delimiter)


CSV = Delimited("csv", ("text/csv", "application/csv", "text/x-csv"), ",")
TSV = Delimited("tsv", ("text/tab-separated-values", "text/tsv"), "\t")


def check_charset(charset: str | None) -> str:
    """Python's name of a charset (UTF-8 where none is named); raises FormatUnsupported for what is no charset of text.

    Only charsets that are in use count: Python's other codecs (`punycode`, `idna`, `unicode_escape`, `utf-7`) are slow
    on purpose-made bytes, or no charsets at all.
    """
    asked = (charset or "utf-8").strip("\"' ").lower()
    try:
        name = codecs.lookup(asked).name if _CHARSET_NAME.fullmatch(asked) else ""
    except LookupError:
        name = ""
    if name not in _CHARSETS:
        raise FormatUnsupported(f"unknown charset {asked[:80]!r}; utf-8 is the default", _SHOWN_CHARSETS)
    return name


def _has_rejects(options: DecodeOptions) -> bool:
    return options.rejects is not None and options.rejects.count > 0


def _utf8(data: pa.Buffer, options: DecodeOptions) -> pa.Buffer:
    name = check_charset(options.charset)
    if name not in ("utf-8", "ascii", "utf-8-sig"):
        try:
            # what is no text goes on as bytes that are none: with its row
            text = data.to_pybytes().decode(name, "strict" if options.rejects is None else "surrogateescape")
        except (UnicodeDecodeError, ValueError) as error:
            raise InputMalformed(f"input {options.name!r} is not {name} ({error})", input=options.name) from None
        data = pa.py_buffer(text.encode("utf-8", "surrogatepass"))
    return data.slice(3) if data.size >= 3 and data.slice(0, min(3, data.size)).to_pybytes() == _UTF8_BOM else data
