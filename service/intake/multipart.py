"""`multipart/form-data` as a stream of events, parsed as the body comes: nothing is spooled to a disk."""

from collections.abc import AsyncIterable, AsyncIterator
from dataclasses import dataclass
from typing import Final

from python_multipart.exceptions import FormParserError
from python_multipart.multipart import MultipartParser, MultipartState, parse_options_header

from service.errors import HeaderMalformed, MultipartMalformed

_MAX_HEADERS: Final = 16
_MAX_HEADER_BYTES: Final = 8 * 1024


@dataclass(frozen=True, slots=True)
class PartBegin:
    """A part begins: its name, its file name ("" without one) and its headers, names in lower case."""

    name: str
    filename: str
    headers: dict[str, str]


@dataclass(frozen=True, slots=True)
class PartData:
    """A piece of the current part."""

    data: bytes


@dataclass(frozen=True, slots=True)
class PartEnd:
    """The current part is complete."""


Event = PartBegin | PartData | PartEnd


def boundary_of(content_type: str) -> bytes:
    """The boundary that a multipart `Content-Type` names; raises HeaderMalformed."""
    _, options = parse_options_header(content_type)
    boundary = options.get(b"boundary", b"")
    if not 1 <= len(boundary) <= 70:
        raise HeaderMalformed("Content-Type", "multipart/form-data needs a boundary of 1 to 70 characters")
    return boundary


async def events(body: AsyncIterable[bytes], boundary: bytes) -> AsyncIterator[Event]:
    """The parts of `body` as they come; raises MultipartMalformed, also where the last boundary is missing."""
    collector = _Collector(boundary)
    async for chunk in body:
        for event in collector.take(chunk):
            yield event
    if not collector.complete:
        raise MultipartMalformed("the body ends before its closing boundary")


class _Collector:
    """Turns the parser's callbacks into events."""

    def __init__(self, boundary: bytes) -> None:
        self._events: list[Event] = []
        self._name, self._value = bytearray(), bytearray()
        self._headers: dict[str, str] = {}
        self._parser = MultipartParser(
            boundary,
            {
                "on_part_begin": self._headers.clear,
                "on_header_field": self._on_header_field,
                "on_header_value": self._on_header_value,
                "on_header_end": self._on_header_end,
                "on_headers_finished": self._on_headers_finished,
                "on_part_data": self._on_part_data,
                "on_part_end": lambda: self._events.append(PartEnd()),
            },
            max_header_count=_MAX_HEADERS,
            max_header_size=_MAX_HEADER_BYTES,
        )

    @property
    def complete(self) -> bool:
        """Whether the closing boundary was seen."""
        return self._parser.state == MultipartState.END

    def take(self, chunk: bytes) -> list[Event]:
        """The events in the next piece of the body."""
        try:
            self._parser.write(chunk)
        except FormParserError as error:
            raise MultipartMalformed(str(error)[:200]) from None
        found, self._events = self._events, []
        return found

    def _on_header_field(self, data: bytes, start: int, end: int) -> None:
        self._name += data[start:end]

    def _on_header_value(self, data: bytes, start: int, end: int) -> None:
        self._value += data[start:end]

    def _on_header_end(self) -> None:
        self._headers[self._name.decode("latin-1").lower()] = self._value.decode("utf-8", errors="replace")
        self._name.clear()
        self._value.clear()

    def _on_headers_finished(self) -> None:
        disposition = self._headers.get("content-disposition", "").encode("utf-8").decode("latin-1")
        kind, options = parse_options_header(disposition)
        name = options.get(b"name")
        if kind != b"form-data" or not name:
            raise MultipartMalformed("a part lacks 'Content-Disposition: form-data; name=\"...\"'")
        filename = options.get(b"filename", b"")
        self._events.append(PartBegin(_text(name), _text(filename), dict(self._headers)))

    def _on_part_data(self, data: bytes, start: int, end: int) -> None:
        self._events.append(PartData(data[start:end]))


def _text(raw: bytes) -> str:
    return raw.decode("utf-8", errors="replace")
