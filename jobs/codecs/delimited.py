"""CSV and TSV: the header read here, the rows by Arrow as text, the types decided by the contract's rules."""

import codecs
from collections.abc import Iterator

import pyarrow as pa

from jobs.codecs.base import Decoded, DecodeOptions, EncodeOptions
from jobs.codecs.budget import Budget
from jobs.codecs.delimited_fast import read_typed
from jobs.codecs.delimited_rows import read_header, read_rows
from jobs.codecs.delimited_types import typed_column
from jobs.codecs.delimited_write import written
from jobs.errors import FormatUnsupported, InputEmpty, InputMalformed
from jobs.model import Warn

_UTF8_BOM = b"\xef\xbb\xbf"


class Delimited:
    """Text with one row a line and a header, separated by `delimiter`."""

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
        fast = read_typed(body, header, self._delimiter, options)
        if fast is not None:
            return Decoded(pa.Table.from_arrays(fast, names=header))
        rows = read_rows(body, len(header), self._delimiter, options)
        budget.table(rows)
        warnings: list[Warn] = []
        # a column with a dtype of its own stays text until that cast, so that nothing is guessed before it
        columns = [
            rows.column(position) if name in options.dtypes else typed_column(rows.column(position), name, warnings)
            for position, name in enumerate(header)
        ]
        return Decoded(pa.Table.from_arrays(columns, names=header), tuple(warnings))

    def encode(self, batches: pa.RecordBatchReader, _options: EncodeOptions, /) -> Iterator[bytes]:
        """A header and the rows, batch by batch; see `Codec.encode`."""
        return written(batches, self._delimiter)


CSV = Delimited("csv", ("text/csv", "application/csv", "text/x-csv"), ",")
TSV = Delimited("tsv", ("text/tab-separated-values", "text/tsv"), "\t")


def _utf8(data: pa.Buffer, options: DecodeOptions) -> pa.Buffer:
    charset = (options.charset or "utf-8").strip("\"' ").lower()
    try:
        name = codecs.lookup(charset).name
        "".encode(name)  # refuses base64, zip and the like, which are codecs but no charsets
    except (LookupError, ValueError):
        raise FormatUnsupported(f"unknown charset {charset[:80]!r}; utf-8 is the default") from None
    if name not in ("utf-8", "ascii", "utf-8-sig"):
        try:
            text = data.to_pybytes().decode(name)
        except (UnicodeDecodeError, ValueError) as error:
            raise InputMalformed(f"input {options.name!r} is not {charset} ({error})", input=options.name) from None
        data = pa.py_buffer(text.encode("utf-8", "surrogatepass"))
    return data.slice(3) if data.size >= 3 and data.slice(0, min(3, data.size)).to_pybytes() == _UTF8_BOM else data
