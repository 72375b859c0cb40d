"""The zip around a workbook: only the parts that are needed, unpacked under a budget, and packed anew.

What a directory says of sizes may be a lie, and two readers may see two directories in one file. So the parts are
unpacked here, piece by piece, and the library gets an archive of ours that holds these very bytes.
"""

import io
import posixpath
import re
import zipfile
import zlib
from typing import Final, NamedTuple
from xml.parsers import expat

import pyarrow as pa

from jobs.codecs.base import DecodeOptions
from jobs.errors import DecodedTooLarge, InputMalformed, RatioTooLarge

_PIECE: Final = 64 * 1024
_MOST_PARTS: Final = 10_000
_MOST_AT_ONCE: Final = 4 * 1024**2  # so large may the directory be that zipfile reads in one go
_BOOK, _RELATIONS = "xl/workbook.xml", "xl/_rels/workbook.xml.rels"
_NEEDED: Final = ("[Content_Types].xml", "_rels/.rels", _BOOK, _RELATIONS, "xl/styles.xml", "xl/sharedStrings.xml")
_BROKEN: Final = (zipfile.BadZipFile, zlib.error, EOFError, NotImplementedError, RuntimeError, OSError, ValueError)
_OLE: Final = b"\xd0\xcf\x11\xe0"


class Workbook(NamedTuple):
    """A workbook whose parts have been unpacked: an archive of ours, its first sheet, and its shared texts, if any."""

    archive: bytes
    sheet: bytes
    texts: bytes


class _Window(io.RawIOBase):
    """The upload as a file that refuses large reads: only the directory is read in one go, and it must be small."""

    def __init__(self, data: pa.Buffer) -> None:
        self._file = pa.BufferReader(data)

    def readable(self) -> bool:
        return True

    def seekable(self) -> bool:
        return True

    def seek(self, offset: int, whence: int = 0) -> int:
        return int(self._file.seek(offset, whence))

    def tell(self) -> int:
        return int(self._file.tell())

    def read(self, size: int = -1) -> bytes:
        if size > _MOST_AT_ONCE:
            raise zipfile.BadZipFile("its directory is too large")
        return bytes(self._file.read(_MOST_AT_ONCE if size < 0 else size))


def open_package(data: pa.Buffer, options: DecodeOptions) -> Workbook:
    """The needed parts of a workbook; raises InputMalformed, and SizeExceeded before memory is spent."""
    if data.size >= 4 and data.slice(0, 4).to_pybytes() == _OLE:
        detail = f"input {options.name!r} is an old .xls or an encrypted workbook; save it as a plain .xlsx"
        raise InputMalformed(detail, input=options.name)
    try:
        # over a window that is no real file there is nothing to be closed
        archive = zipfile.ZipFile(_Window(data))
        return _Unpacking(archive, data.size, options).workbook()
    except _BROKEN as error:
        raise broken(options, error) from None
    except expat.ExpatError as error:
        raise broken(options, error) from None


def broken(options: DecodeOptions, error: object) -> InputMalformed:
    """The error of a file that is no readable workbook."""
    reason = (str(error).splitlines() or [type(error).__name__])[0][:200]
    return InputMalformed(f"input {options.name!r} is no readable .xlsx workbook ({reason})", input=options.name)


def parser() -> expat.XMLParserType:
    """An XML parser that takes no document type, and so no entities."""
    made = expat.ParserCreate()
    made.StartDoctypeDeclHandler = _refuse_doctype
    made.buffer_text = True
    return made


def local(name: str) -> str:
    """An element's or attribute's name without its prefix."""
    return name.rpartition(":")[2]


class _Unpacking:
    def __init__(self, archive: zipfile.ZipFile, packed: int, options: DecodeOptions) -> None:
        self._archive, self._options, limits = archive, options, options.limits
        self._total = 0
        self._allowed = max(limits.ratio_free_bytes, int(packed * limits.compression_ratio))
        # the last entry of a name counts, as for every reader
        self._entries = {info.filename.replace("\\", "/").lower(): info for info in archive.infolist()}

    def workbook(self) -> Workbook:
        if len(self._entries) > _MOST_PARTS:
            raise zipfile.BadZipFile(f"it has more than {_MOST_PARTS:,} parts")
        parts = {name: found for name in _NEEDED if (found := self._part(name)) is not None}
        if _BOOK not in parts:
            raise zipfile.BadZipFile(f"it has no {_BOOK}")
        path = _first_sheet(parts[_BOOK], parts.get(_RELATIONS, b""))
        sheet = self._part(path)
        if sheet is None:
            raise zipfile.BadZipFile("its first sheet is not there, or is no table")
        parts[path] = sheet
        packed = io.BytesIO()
        with zipfile.ZipFile(packed, "w", zipfile.ZIP_STORED) as anew:
            for name, content in parts.items():
                anew.writestr(zipfile.ZipInfo(name), content)
        return Workbook(packed.getvalue(), sheet, parts.get("xl/sharedStrings.xml", b""))

    def _part(self, name: str) -> bytes | None:
        info = self._entries.get(name.lower())
        if info is None:
            return None
        out = bytearray()
        with self._archive.open(info) as part:
            while piece := part.read(_PIECE):
                self._take(len(piece))
                out += piece
        return bytes(out)

    def _take(self, size: int) -> None:
        self._total += size
        what, limits = f"input {self._options.name!r}, unpacked,", self._options.limits
        if self._total > limits.decoded_bytes:
            raise DecodedTooLarge(what, limits.decoded_bytes)
        if self._total > self._allowed:
            hint = f"; it expands more than {limits.compression_ratio:g} times"
            raise RatioTooLarge(what, self._allowed, hint)


def _refuse_doctype(*_: object) -> None:
    raise zipfile.BadZipFile("it declares a document type")


def _first_sheet(book: bytes, relations: bytes) -> str:
    """The path of the first sheet's part."""
    sheets: list[str] = []
    targets: dict[str, str] = {}

    def on_book(name: str, attributes: dict[str, str]) -> None:
        if local(name) == "sheet":
            sheets.extend(value for key, value in attributes.items() if re.fullmatch(r"[^:]+:id", key))

    def on_relation(name: str, attributes: dict[str, str]) -> None:
        if local(name) == "Relationship":
            targets[attributes.get("Id", "")] = attributes.get("Target", "")

    for content, handler in ((book, on_book), (relations, on_relation)):
        reader = parser()
        reader.StartElementHandler = handler
        if content:
            reader.Parse(content, True)  # noqa: FBT003  # expat takes no keywords
    if not sheets:
        raise zipfile.BadZipFile("it has no sheet")
    target = targets.get(sheets[0], "").replace("\\", "/")
    return posixpath.normpath(target.lstrip("/") if target.startswith("/") else f"xl/{target}")
