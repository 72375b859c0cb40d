"""What the messages of an Arrow stream or file hold once decompressed, read from their heads before it happens.

A compressed buffer begins with its size, which the reader allocates for; pyarrow shows neither, so flatbuffers are read
by hand: https://arrow.apache.org/docs/format/Columnar.html#serialization-and-interprocess-communication-ipc
"""

import struct
from collections.abc import Iterator
from typing import Final

import pyarrow as pa

_DICTIONARY, _RECORDS = 2, 3
_MAGIC: Final = b"ARROW1"
_FILE_START: Final = 8


class _Table:
    """A flatbuffers table at a place."""

    def __init__(self, data: bytes, at: int) -> None:
        self.data, self.at = data, at
        self._fields = at - self.number("<i", at)

    def number(self, kind: str, at: int) -> int:
        value: int = struct.unpack_from(kind, self.data, at)[0]
        return value

    def place(self, field: int) -> int:
        """Where a field stands; 0 where it is not given."""
        entry = 4 + 2 * field
        if entry >= self.number("<H", self._fields):
            return 0
        offset = self.number("<H", self._fields + entry)
        return self.at + offset if offset else 0

    def follow(self, field: int) -> int:
        """Where a field points to; 0 where it is not given."""
        place = self.place(field)
        return place + self.number("<I", place) if place else 0


def decoded_sizes(data: pa.Buffer) -> Iterator[int]:
    """The bytes of each message's buffers once they are decompressed; ends where no message can be read any more."""
    view = memoryview(data).cast("B")
    at = _FILE_START if bytes(view[:6]) == _MAGIC else 0
    try:
        while at + 8 <= len(view):
            (size,) = struct.unpack_from("<I", view, at)
            at += 4
            if size == 0xFFFFFFFF:
                (size,) = struct.unpack_from("<I", view, at)
                at += 4
            if size == 0 or at + size > len(view):
                return
            head = bytes(view[at : at + size])
            message = _Table(head, struct.unpack_from("<I", head, 0)[0])
            body = at + size
            length_at = message.place(3)
            length = message.number("<q", length_at) if length_at else 0
            yield _size(message, view[body : body + max(0, length)])
            at = body + length
            if length < 0:
                return
    except (struct.error, IndexError):
        return  # the reader will say what is wrong with it


def _size(message: _Table, body: memoryview) -> int:
    kind_at, header = message.place(1), message.follow(2)
    kind = message.data[kind_at] if kind_at else 0
    if kind not in (_DICTIONARY, _RECORDS) or not header:
        return 0
    batch = _Table(message.data, header)
    if kind == _DICTIONARY:
        batch = _Table(message.data, batch.follow(1))
    if not batch.place(3):
        return 0  # as they are in the input: not larger than it
    buffers = batch.follow(2)
    total = 0
    for number in range(batch.number("<I", buffers) if buffers else 0):
        offset, length = struct.unpack_from("<qq", message.data, buffers + 4 + 16 * number)
        if length >= 8 and offset >= 0:
            total += max(length - 8, struct.unpack_from("<q", body, offset)[0])
    return total
