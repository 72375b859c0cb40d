"""Bodies of requests: sized where that is known, streamed where they are large, replayable where they can be."""

import json
import secrets
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, BinaryIO, Protocol

from service.client.errors import FrameRefused
from service.formats import FormatUnclear, named, of_file

CHUNK_BYTES = 256 * 1024


class Body(Protocol):
    """Bytes to send. `size` is None where only sending tells it; `replayable` whether `chunks` can be had again."""

    @property
    def content_type(self) -> str:
        """The media type, with its parameters."""
        ...

    @property
    def encoding(self) -> str | None:
        """The Content-Encoding."""
        ...

    @property
    def size(self) -> int | None:
        """In bytes."""
        ...

    @property
    def replayable(self) -> bool:
        """Whether it can be sent a second time."""
        ...

    def chunks(self) -> Iterator[bytes]:
        """The bytes in pieces."""
        ...


@dataclass(frozen=True, slots=True)
class Content:
    """A body that is there as a whole."""

    data: bytes
    content_type: str
    encoding: str | None = None

    @property
    def size(self) -> int:
        """In bytes."""
        return len(self.data)

    @property
    def replayable(self) -> bool:
        """Always."""
        return True

    def chunks(self) -> Iterator[bytes]:
        """All of it."""
        yield self.data


def _unheard(_: int) -> None:
    """Nobody wants to know how many bytes went."""


@dataclass(frozen=True, slots=True)
class File:
    """A table in a file's format: a path, bytes, or an open binary stream.

    The format, and whether it is compressed (`encoding`: gzip, zstd), is told by a path's ending, else by `media_type`;
    `charset` is for CSV and TSV, `dtypes` maps columns to the dtypes they shall have, `progress` hears of each size.
    """

    source: Path | bytes | BinaryIO
    media_type: str | None = None
    encoding: str | None = None
    charset: str | None = None
    dtypes: Mapping[str, str] = field(default_factory=dict)
    size: int | None = None
    progress: Callable[[int], None] = _unheard

    def __post_init__(self) -> None:
        if self.size is None and isinstance(self.source, bytes):
            object.__setattr__(self, "size", len(self.source))

    @classmethod
    def of(cls, path: str | Path) -> "File":
        """A file by its name, which tells its format; raises FrameRefused."""
        path = Path(path)
        try:
            form, encoding = of_file(path.name)
            return cls(path, form.media_type, encoding, size=path.stat().st_size)
        except FormatUnclear as error:
            raise FrameRefused(f"{error} with File(…, media_type=…)") from None
        except OSError as error:
            raise FrameRefused(f"cannot read {str(path)!r}: {error.strerror}") from None

    @property
    def content_type(self) -> str:
        """The media type, with the charset where one was named; raises FrameRefused where there is none."""
        if self.media_type is None:
            raise FrameRefused("bytes do not tell their format: say File(…, media_type='text/csv')")
        kind = self.media_type if "/" in self.media_type else named(self.media_type).media_type
        return kind + (f"; charset={self.charset}" if self.charset else "")

    @property
    def replayable(self) -> bool:
        """Whether it can be read from its beginning again."""
        return isinstance(self.source, bytes | Path) or self.source.seekable()

    def chunks(self) -> Iterator[bytes]:
        """The bytes in pieces; `progress` hears of each."""
        if isinstance(self.source, bytes):
            self.progress(len(self.source))
            yield self.source
        elif isinstance(self.source, Path):
            with self.source.open("rb") as stream:
                yield from self._pieces(stream)
        else:
            if self.source.seekable():
                self.source.seek(0)
            yield from self._pieces(self.source)

    def _pieces(self, stream: BinaryIO) -> Iterator[bytes]:
        while piece := stream.read(CHUNK_BYTES):
            self.progress(len(piece))
            yield piece


@dataclass(frozen=True, slots=True)
class Multipart:
    """A multipart/form-data body that streams: the part `job`, then a file part per body."""

    envelope: Mapping[str, Any]
    parts: Mapping[str, Body]
    boundary: str = field(default_factory=lambda: secrets.token_hex(16))

    @property
    def content_type(self) -> str:
        """With the boundary."""
        return f"multipart/form-data; boundary={self.boundary}"

    @property
    def encoding(self) -> None:
        """None: each part says its own."""
        return

    @property
    def size(self) -> int | None:
        """The sum, where every part knows its own."""
        sizes = [part.size for part in self.parts.values()]
        if None in sizes:
            return None
        frame = sum(map(len, self._heads())) + 2 * len(sizes) + len(self._end())
        return frame + sum(size or 0 for size in sizes)

    @property
    def replayable(self) -> bool:
        """Where every part is."""
        return all(part.replayable for part in self.parts.values())

    def chunks(self) -> Iterator[bytes]:
        """The body piece by piece."""
        first, *heads = self._heads()
        yield first
        for head, part in zip(heads, self.parts.values(), strict=True):
            yield head
            yield from part.chunks()
            yield b"\r\n"
        yield self._end()

    def _heads(self) -> Sequence[bytes]:
        job = self._head('name="job"', "application/json") + compact(self.envelope).encode() + b"\r\n"
        return [job, *(self._file(name, part) for name, part in self.parts.items())]

    def _file(self, name: str, part: Body) -> bytes:
        if not name.isprintable():
            raise FrameRefused(f"the input's name {name!r} is not printable")
        extra = f"Content-Encoding: {part.encoding}\r\n" if part.encoding else ""
        quoted = name.replace("\\", "\\\\").replace('"', '\\"')
        # an ending would be taken for the file's format
        return self._head(f'name="{quoted}"; filename="frame"', part.content_type, extra)

    def _head(self, disposition: str, media_type: str, extra: str = "") -> bytes:
        lines = f"Content-Disposition: form-data; {disposition}\r\nContent-Type: {media_type}\r\n{extra}"
        return f"--{self.boundary}\r\n{lines}\r\n".encode()

    def _end(self) -> bytes:
        return f"--{self.boundary}--\r\n".encode()


def json_body(value: Any) -> Content:
    """A value as a JSON body."""
    return Content(compact(value).encode(), "application/json")


def compact(value: Any) -> str:
    """A value as JSON without blanks; raises FrameRefused where it has none."""
    try:
        return json.dumps(value, separators=(",", ":"), ensure_ascii=False, allow_nan=False)
    except (TypeError, ValueError) as error:
        raise FrameRefused(f"this cannot be said in JSON ({error}); send tables as DataFrames") from None
