"""Content-Encoding on and off: gzip and zstd, in pieces, with a guard on what comes out before memory is spent."""

import zlib
from collections.abc import Iterator
from typing import BinaryIO

import pyarrow as pa

from jobs.codecs.base import DecodeLimits
from jobs.codecs.sink import Sink
from jobs.errors import DecodedTooLarge, FormatUnsupported, InputMalformed, RatioTooLarge

ENCODINGS = ("gzip", "zstd")
_PIECE = 1024**2
# a member leaves what follows it as a copy, so that many small ones must not be fed much at a time
_FIRST_PIECE = 4096
_MAX_MEMBERS = 100_000
_GZIP_WBITS = 31
_ZSTD_MAGIC = b"\x28\xb5\x2f\xfd"
_ZSTD_SKIPPABLE = b"\x2a\x4d\x18"


def canonical_encoding(encoding: str | None) -> str | None:
    """The encoding's one name, None for identity; raises FormatUnsupported for others."""
    name = (encoding or "").strip().lower()
    if name in ("", "identity"):
        return None
    name = {"x-gzip": "gzip"}.get(name, name)
    if name not in ENCODINGS:
        raise FormatUnsupported(f"no content encoding {name[:80]!r}", ENCODINGS)
    return name


def decompress(data: pa.Buffer, encoding: str | None, limits: DecodeLimits) -> pa.Buffer:
    """The bytes of `data` without its Content-Encoding; gzip may have several members, zstd several frames.

    Raises FormatUnsupported, InputMalformed where it is cut short or followed by other bytes, DecodedTooLarge
    where it would grow beyond `decoded_bytes`, RatioTooLarge where, past `ratio_free_bytes`, beyond the ratio.
    """
    name = canonical_encoding(encoding)
    if name is None:
        if data.size > limits.decoded_bytes:
            raise DecodedTooLarge("the input", limits.decoded_bytes)
        return data
    guard = _Guard(data.size, limits)
    out = pa.BufferOutputStream()
    for piece in _gunzip(data) if name == "gzip" else _unzstd(data):
        guard.take(len(piece))
        out.write(piece)
    return out.getvalue()


def unpacked(file: BinaryIO, encoding: str, size: int, limits: DecodeLimits) -> Iterator[bytes]:
    """The bytes of a file of `size` bytes without its encoding, piece by piece; raises as `decompress` does."""
    guard = _Guard(size, limits)
    try:
        with pa.CompressedInputStream(pa.PythonFile(file, mode="r"), encoding) as stream:
            while piece := stream.read(_PIECE):
                guard.take(len(piece))
                yield piece
    except OSError as error:
        raise InputMalformed(f"the {encoding} data is broken or cut short ({str(error)[:200]})") from None


def compress(pieces: Iterator[bytes], encoding: str) -> Iterator[bytes]:
    """The pieces compressed with `gzip` or `zstd`, as they come."""
    name = canonical_encoding(encoding)
    if name is None:
        yield from pieces
    elif name == "gzip":
        yield from _gzip(pieces)
    else:
        yield from _zstd(pieces)


class _Guard:
    """Counts what comes out and stops it at the limits."""

    def __init__(self, compressed: int, limits: DecodeLimits) -> None:
        self._compressed, self._limits, self._total = max(1, compressed), limits, 0

    def take(self, size: int) -> None:
        self._total += size
        limits = self._limits
        if self._total > limits.decoded_bytes:
            raise DecodedTooLarge("the decompressed input", limits.decoded_bytes)
        allowed = max(limits.ratio_free_bytes, int(self._compressed * limits.compression_ratio))
        if self._total > allowed:
            hint = f"; it expands more than {limits.compression_ratio:g} times"
            raise RatioTooLarge("the decompressed input", allowed, hint)


def _gunzip(data: pa.Buffer) -> Iterator[bytes]:
    view = memoryview(data).cast("B")
    position = 0
    for _ in range(_MAX_MEMBERS):
        member = zlib.decompressobj(_GZIP_WBITS)
        size = _FIRST_PIECE
        while not member.eof:
            tail = member.unconsumed_tail
            chunk = tail or view[position : position + size]
            if not tail:
                position += len(chunk)
                size = min(_PIECE, size * 8)
            if not chunk:
                raise InputMalformed("the gzip data ends in the middle; was the upload cut short?")
            try:
                piece = member.decompress(chunk, _PIECE)
            except zlib.error as error:
                raise InputMalformed(
                    f"the body is not valid gzip ({error}); does Content-Encoding say what it is?"
                ) from None
            if piece:
                yield piece
        position -= len(member.unused_data)
        if position >= len(view):
            return
    raise InputMalformed(f"the gzip data has more than {_MAX_MEMBERS:,} members; compress it as one")


def _unzstd(data: pa.Buffer) -> Iterator[bytes]:
    magic = data.slice(0, min(4, data.size)).to_pybytes()
    if magic != _ZSTD_MAGIC and not (magic[1:] == _ZSTD_SKIPPABLE and magic[0] >> 4 == 5):
        raise InputMalformed("the body is not valid zstd; does Content-Encoding say what it is?")
    try:
        with pa.CompressedInputStream(pa.BufferReader(data), "zstd") as stream:
            while piece := stream.read(_PIECE):
                yield piece
    except OSError as error:
        raise InputMalformed(f"the zstd data is broken or cut short ({str(error)[:200]})") from None


def _gzip(pieces: Iterator[bytes]) -> Iterator[bytes]:
    # level 1: on tables about a fifth larger than level 6, in a quarter of its time
    packer = zlib.compressobj(1, zlib.DEFLATED, _GZIP_WBITS)
    for piece in pieces:
        if packed := packer.compress(piece):
            yield packed
    yield packer.flush()


def _zstd(pieces: Iterator[bytes]) -> Iterator[bytes]:
    sink = Sink()
    stream = pa.CompressedOutputStream(pa.PythonFile(sink, mode="w"), "zstd")
    for piece in pieces:
        stream.write(piece)
        if packed := sink.take():
            yield packed
    stream.close()
    yield sink.take()
