"""How much a sheet would take, from its XML: the library makes every cell between the corners, and copies each text."""

import re
from itertools import pairwise
from typing import Any, Final

from jobs.codecs.base import DecodeOptions
from jobs.codecs.budget import Budget
from jobs.codecs.excel_package import Workbook, local, parser
from jobs.errors import DecodedTooLarge

CELL_BYTES: Final = 64  # measured: 32 in the library's range, and its share of the Python rows made from it
_PIECE: Final = 256 * 1024
_REFERENCE: Final = re.compile(r"\$?([A-Za-z]{1,3})\$?([0-9]{1,7})")


def check_sheet(book: Workbook, options: DecodeOptions) -> frozenset[int]:
    """The positions of columns with errors (`#N/A`) in them; raises CountExceeded or SizeExceeded."""
    sheet = _Sheet()
    _scan(book.sheet, sheet)
    budget = Budget(options)
    budget.rows(sheet.rows)
    budget.columns(sheet.columns)
    area = sheet.rows * sheet.columns
    budget.cells_given(sheet.cells, area)
    lengths = _lengths(book.texts)
    limit = options.limits.decoded_bytes
    texts = sheet.shared * max(lengths, default=0)
    if texts > limit // 2:
        exact = _Texts(lengths)
        _scan(book.sheet, exact)
        texts = exact.total
    if len(book.archive) + area * CELL_BYTES + texts > limit:
        raise DecodedTooLarge(f"input {options.name!r}, decoded,", limit)
    return frozenset(sheet.errors)


class _Sheet:
    """Counts cells and finds the corners."""

    def __init__(self) -> None:
        self.rows = self.columns = self.cells = self.shared = 0
        self.errors: set[int] = set()
        self._row = self._column = 0

    def start(self, name: str, attributes: dict[str, str]) -> None:
        kind = local(name)
        if kind == "row":
            row = attributes.get("r", "")
            self._row = int(row[:10]) if row.isascii() and row.isdigit() else self._row + 1
            self._column = 0
        elif kind == "c":
            self._cell(attributes)

    def _cell(self, attributes: dict[str, str]) -> None:
        self.cells += 1
        self._column += 1
        reference = _REFERENCE.fullmatch(attributes.get("r", ""))
        if reference:
            self._column, self._row = column_number(reference[1]), int(reference[2])
        self.rows, self.columns = max(self.rows, self._row), max(self.columns, self._column)
        type_ = attributes.get("t")
        if type_ == "s":
            self.shared += 1
        elif type_ == "e":
            self.errors.add(self._column - 1)


class _Texts:
    """Adds up the shared texts that the cells of a sheet refer to."""

    def __init__(self, lengths: list[int]) -> None:
        self.total = 0
        self._lengths, self._is_shared, self._value = lengths, False, ""

    def start(self, name: str, attributes: dict[str, str]) -> None:
        kind = local(name)
        if kind == "c":
            self._is_shared = attributes.get("t") == "s"
        self._value = ""

    def text(self, text: str) -> None:
        if self._is_shared and len(self._value) < 20:
            self._value += text

    def end(self, name: str) -> None:
        if local(name) == "v" and self._is_shared and self._value.strip().isdecimal():
            place = int(self._value)
            self.total += self._lengths[place] if place < len(self._lengths) else 0


class _Lengths:
    """The length of each shared text."""

    def __init__(self) -> None:
        self.ends = [0]
        self._total = 0

    def start(self, _name: str, _attributes: dict[str, str]) -> None:
        return

    def text(self, text: str) -> None:
        self._total += len(text.encode())

    def end(self, name: str) -> None:
        if local(name) == "si":
            self.ends.append(self._total)


def column_number(letters: str) -> int:
    """The number of a column from 1: A is 1, AA is 27."""
    number = 0
    for letter in letters.upper():
        number = number * 26 + ord(letter) - 64
    return number


def _lengths(texts: bytes) -> list[int]:
    found = _Lengths()
    if texts:
        _scan(texts, found)
    return [end - start for start, end in pairwise(found.ends)]


def _scan(content: bytes, scan: Any) -> None:
    reader: Any = parser()
    reader.StartElementHandler = scan.start
    reader.CharacterDataHandler = getattr(scan, "text", None)
    reader.EndElementHandler = getattr(scan, "end", None)
    for start in range(0, len(content), _PIECE):
        reader.Parse(content[start : start + _PIECE])
    reader.Parse(b"", True)  # noqa: FBT003  # expat takes no keywords
