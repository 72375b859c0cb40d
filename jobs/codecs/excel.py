"""Excel workbooks (`.xlsx`), with the extra `excel`: the first sheet, a header row, cells."""

from collections.abc import Iterator
from typing import Any, Final

import pyarrow as pa

from jobs.codecs import excel_read, excel_write
from jobs.codecs.base import Decoded, DecodeOptions, EncodeOptions
from jobs.errors import FormatUnsupported

try:
    import python_calamine
    import xlsxwriter  # type: ignore[import-untyped]  # it has neither stubs nor py.typed
except ImportError:  # the extra is not installed; the format is listed all the same, with the hint
    python_calamine = xlsxwriter = None  # type: ignore[assignment]  # None stands for the module

INSTALL: Final = "pip install 'framequeue[excel]'"


class Excel:
    """Office Open XML workbooks; `reader` and `writer` are the libraries, None where they are not installed."""

    name = "xlsx"
    media_types: tuple[str, ...] = ("application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",)
    extension = "xlsx"
    reads = True

    def __init__(self, reader: Any, writer: Any) -> None:
        self._reader, self._writer = reader, writer
        self.missing = "" if reader is not None and writer is not None else INSTALL

    def decode(self, data: pa.Buffer, options: DecodeOptions, /) -> Decoded:
        """The table of the first sheet; see `Codec.decode`, and docs/formats.md for the rules."""
        self._need()
        return excel_read.read(self._reader, data, options)

    def encode(self, batches: pa.RecordBatchReader, options: EncodeOptions, /) -> Iterator[bytes]:
        """A workbook of one sheet, whole before its first piece; see `Codec.encode`."""
        self._need()
        return excel_write.written(self._writer, batches, options)

    def _need(self) -> None:
        if self.missing:
            raise FormatUnsupported(f"the format {self.name!r} is not installed here: {self.missing}")


XLSX: Final = Excel(python_calamine, xlsxwriter)
