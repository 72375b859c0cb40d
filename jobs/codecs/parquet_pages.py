"""What a Parquet file would decode to, told from its footer and page headers before anything is decoded.

The reader believes the header of a page when it allocates, and a dictionary's value counts as often as a code says so:
both are read here first. Thrift's compact protocol is small enough to be read by hand; pyarrow shows no page headers.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Final

import pyarrow as pa
import pyarrow.parquet as pq

_DATA_PAGE, _DICTIONARY_PAGE, _DATA_PAGE_V2 = 0, 2, 3
_HEADER_OF: Final = {_DATA_PAGE: 5, _DICTIONARY_PAGE: 7, _DATA_PAGE_V2: 8}
_DICTIONARY_CODED: Final = (2, 8)
_PREFIX_CODED: Final = 7
_WIDTHS: Final = {"BOOLEAN": 1, "INT32": 4, "INT64": 8, "INT96": 8, "FLOAT": 4, "DOUBLE": 8}
_CODECS: Final = {"SNAPPY": "snappy", "GZIP": "gzip", "ZSTD": "zstd", "BROTLI": "brotli", "LZ4": "lz4_raw"}
_NESTING: Final = 8
_HEADER_BYTES: Final = 64 * 1024


class Compact:
    """Reads one struct of Thrift's compact protocol: field ids to numbers, bytes, dicts and lists.

    Raises ValueError or IndexError where the bytes are none.
    """

    def __init__(self, data: bytes | memoryview, at: int = 0) -> None:
        self.data, self.at = data, at

    def varint(self) -> int:
        """An unsigned number of up to ten bytes."""
        value = shift = 0
        while True:
            byte = self.data[self.at]
            self.at += 1
            value |= (byte & 0x7F) << shift
            if byte < 0x80:
                return value
            shift += 7
            if shift > 63:
                raise ValueError("a number of more than ten bytes")

    def number(self) -> int:
        """A signed number."""
        value = self.varint()
        return (value >> 1) ^ -(value & 1)

    def fields(self) -> Iterator[tuple[int, int]]:
        """The ids and kinds of a struct's fields; whoever asks for the next has read or skipped the one before."""
        field = 0
        while header := self.data[self.at]:
            self.at += 1
            field = field + (header >> 4) if header >> 4 else self.number()
            yield field, header & 0x0F
        self.at += 1

    def list_header(self) -> tuple[int, int]:
        """How many elements a list has, and of which kind."""
        header = self.data[self.at]
        self.at += 1
        return (self.varint() if header >> 4 == 15 else header >> 4), header & 0x0F

    def value(self, kind: int, depth: int = 0) -> Any:
        """A value of this kind; of containers only that they are there."""
        if depth > _NESTING:
            raise ValueError("structs nest too deep")
        if kind in (1, 2):
            return kind == 1
        if kind == 3:
            self.at += 1
            return None
        if kind in (4, 5, 6):
            return self.number()
        if kind in (7, 8):
            length = 8 if kind == 7 else self.varint()
            self.at += length
            return None
        if kind == 12:
            return {field: self.value(inner, depth + 1) for field, inner in self.fields()}
        if kind in (9, 10):
            count, inner = self.list_header()
            for _ in range(count):
                self.value(inner, depth + 1)
            return None
        raise ValueError(f"no page header has a field of kind {kind}")


def footer_size(data: pa.Buffer) -> int:
    """The bytes of the footer, as the file's end says; 0 where that is no Parquet's."""
    tail = data.slice(max(0, data.size - 8)).to_pybytes()
    return int.from_bytes(tail[:4], "little") if tail[4:] == b"PAR1" else 0


def promised_columns(data: pa.Buffer) -> tuple[int, int]:
    """How many columns the footer promises, and how many elements its schema has; zeros where it cannot be read."""
    size = footer_size(data)
    if not 0 < size <= data.size - 8:
        return 0, 0
    start = data.size - 8 - size
    reader = Compact(data.slice(start, min(size, _HEADER_BYTES)).to_pybytes())
    try:
        for field, kind in reader.fields():
            if field != 2:
                reader.value(kind)
                continue
            elements, _ = reader.list_header()
            return int(reader.value(12).get(5) or 0), elements
    except (ValueError, IndexError):
        pass  # the reader will say what is wrong with it
    return 0, 0


@dataclass(frozen=True, slots=True)
class Page:
    """One page: its kind, size and values as its header says, and where its bytes are."""

    kind: int
    size: int
    values: int
    encoding: int
    start: int
    stored: int


@dataclass(frozen=True, slots=True)
class ChunkCost:
    """What the pages of one column decode to at most: `sure` bytes, and as many `vague` values of `longest` bytes.

    `largest` is the largest page. `coded` says that the vague ones are codes of a dictionary.
    """

    sure: int = 0
    vague: int = 0
    longest: int = 0
    largest: int = 0
    coded: bool = True

    @property
    def most(self) -> int:
        """Bytes at most."""
        return self.sure + self.vague * self.longest

    def __add__(self, other: "ChunkCost") -> "ChunkCost":
        return ChunkCost(
            self.sure + other.sure,
            self.vague + other.vague,
            max(self.longest, other.longest),
            max(self.largest, other.largest),
            self.coded and other.coded,
        )


def cost_of(data: pa.Buffer, file: pq.FileMetaData, group: int, column: int, limit: int) -> ChunkCost:
    """What one column chunk decodes to; a dictionary is looked into only where `limit` bytes are in doubt."""
    chunk, described = file.row_group(group).column(column), file.schema.column(column)
    pages = list(_pages(data, chunk))
    data_pages = [page for page in pages if page.kind != _DICTIONARY_PAGE]
    dictionary = next((page for page in pages if page.kind == _DICTIONARY_PAGE), None)
    values = sum(page.values for page in data_pages)
    largest = max((page.size for page in pages), default=0)
    physical = chunk.physical_type
    if physical != "BYTE_ARRAY":
        wide = 16 if "DECIMAL" in f"{described.converted_type} {described.logical_type}".upper() else 1
        width = described.length if physical == "FIXED_LEN_BYTE_ARRAY" else _WIDTHS.get(physical, 8)
        return ChunkCost(sure=values * max(wide, width), largest=largest)
    coded = sum(page.values for page in data_pages if page.encoding in _DICTIONARY_CODED)
    shared = sum(page.values for page in data_pages if page.encoding == _PREFIX_CODED)
    plain = sum(page.size for page in data_pages if page.encoding not in (*_DICTIONARY_CODED, _PREFIX_CODED))
    longest = max([0, *(page.size for page in data_pages if page.encoding == _PREFIX_CODED)])
    if coded and dictionary is not None:
        longest = max(longest, dictionary.size)
        if coded * dictionary.size > limit and not shared:
            longest = _longest(data, dictionary, chunk.compression)
    return ChunkCost(plain + 4 * values, coded + shared, longest, largest, coded=not shared)


def _pages(data: pa.Buffer, chunk: pq.ColumnChunkMetaData) -> Iterator[Page]:
    start = chunk.data_page_offset
    if chunk.has_dictionary_page and chunk.dictionary_page_offset is not None and chunk.dictionary_page_offset > 0:
        start = min(start, chunk.dictionary_page_offset)
    end = min(data.size, start + chunk.total_compressed_size)
    view, seen = memoryview(data).cast("B"), 0
    while 0 <= start < end and seen < chunk.num_values:
        page = _page(Compact(view, start))
        yield page
        seen += page.values if page.kind != _DICTIONARY_PAGE else 0
        start = page.start + page.stored


def _page(reader: Compact) -> Page:
    """The page whose header the reader stands at; raises ValueError where that is none."""
    try:
        header = reader.value(12)
    except IndexError:
        raise ValueError("a page header is cut short") from None
    kind, size, stored = (_count(header, field) for field in (1, 2, 3))
    inner = header.get(_HEADER_OF.get(kind, 0))
    inner = inner if isinstance(inner, dict) else {}
    encoding = _count(inner, 4 if kind == _DATA_PAGE_V2 else 2)
    return Page(kind, size, _count(inner, 1), encoding, reader.at, stored)


def _count(fields: dict[int, Any], field: int) -> int:
    value = fields.get(field, 0)
    if not isinstance(value, int) or not 0 <= value < 2**31:
        raise ValueError(f"a page header says {str(value)[:40]} where a number belongs")
    return value


def _longest(data: pa.Buffer, page: Page, compression: str) -> int:
    """The longest value of a dictionary, where it can be read here; else the most that one could have."""
    stored = data.slice(page.start, min(page.stored, data.size - page.start))
    if compression != "UNCOMPRESSED":
        name = _CODECS.get(compression)
        if name is None:
            return page.size
        try:
            stored = pa.Codec(name).decompress(stored, page.size)
        except (OSError, ValueError, pa.ArrowInvalid):
            return page.size
    text, at, longest = stored.to_pybytes(), 0, 0
    while at + 4 <= len(text):
        length = int.from_bytes(text[at : at + 4], "little")
        longest = max(longest, length)
        at += 4 + length
    return min(longest, page.size)
