"""The inputs of a local run: their bytes, and how to read them."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import BinaryIO

import pyarrow as pa

from jobs.model import Input, PayloadRef


@dataclass(frozen=True, slots=True)
class LocalInput:
    """An encoded frame: its bytes, media type, and what else reading it takes (as `PayloadRef` and `Input` say)."""

    data: pa.Buffer
    media_type: str
    encoding: str | None = None
    charset: str | None = None
    orient: str | None = None
    dtypes: Mapping[str, str] = field(default_factory=dict)

    @property
    def given(self) -> Input:
        """The same as a job's input, without a place in a store."""
        payload = PayloadRef(
            blob="",
            media_type=self.media_type,
            bytes=len(self.data),
            encoding=self.encoding,
            charset=self.charset,
            orient=self.orient,
        )
        return Input(payload=payload, dtypes=dict(self.dtypes))


def bytes_of(file: Path) -> pa.Buffer:
    """The bytes of a file, read as they are needed; raises OSError."""
    if not file.is_file() or not file.stat().st_size:  # a pipe cannot be mapped, and neither can nothing
        return pa.py_buffer(file.read_bytes())
    with pa.memory_map(str(file)) as mapped:
        return mapped.read_buffer()


def bytes_from(stream: BinaryIO) -> pa.Buffer:
    """All bytes of a stream; raises OSError."""
    return pa.py_buffer(stream.read())
