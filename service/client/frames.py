"""DataFrames on the wire: Arrow streams, both ways; the only module of the client that knows pandas.

It is loaded with the first DataFrame (`service.client.tables`): the command line moves files, and never needs it.
"""

import warnings
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import pandas as pd
import pyarrow as pa

from jobs.codecs.frames import from_pandas, to_pandas
from jobs.codecs.sink import Sink
from service.client.bodies import Body, Content
from service.client.errors import AnswerUnreadable, FrameRefused

ARROW = "application/vnd.apache.arrow.stream"
_WHOLE_BYTES = 1024**2  # a smaller table is encoded at once
_BATCH_BYTES = 4 * 1024**2


class FrameWarning(UserWarning):
    """A column that Arrow cannot hold as it is, and so travels as something else."""


@dataclass(frozen=True, slots=True)
class TableBody:
    """A table that is encoded while it is sent, a few MiB at a time."""

    table: pa.Table
    packed: bool

    @property
    def content_type(self) -> str:
        """The Arrow stream's."""
        return ARROW

    @property
    def encoding(self) -> None:
        """None: the stream compresses its own buffers, so that a worker unpacks only the columns it reads."""
        return

    @property
    def size(self) -> None:
        """Known when it has been sent."""
        return

    @property
    def replayable(self) -> bool:
        """Always."""
        return True

    def chunks(self) -> Iterator[bytes]:
        """The stream, piece by piece."""
        sink = Sink()
        options = pa.ipc.IpcWriteOptions(compression="zstd" if self.packed else None)
        rows = max(1, _BATCH_BYTES * self.table.num_rows // max(1, self.table.nbytes))
        with pa.ipc.new_stream(pa.PythonFile(sink, mode="w"), self.table.schema, options=options) as writer:
            # a table without rows has no batches, and without one its categories would not travel
            for batch in self.table.to_batches(max_chunksize=rows) or [_no_rows(self.table)]:
                writer.write_batch(batch)
                yield sink.take()
        yield sink.take()


def _no_rows(table: pa.Table) -> pa.RecordBatch:
    columns = [pa.concat_arrays(column.chunks or [pa.array([], column.type)]) for column in table.columns]
    return pa.RecordBatch.from_arrays(columns, schema=table.schema)


def is_frame(source: object) -> bool:
    """Whether it is a pandas DataFrame."""
    return isinstance(source, pd.DataFrame)


def body_of(frame: Any, *, packed: bool) -> Body:
    """A DataFrame as a body; `packed` compresses a large one.

    Its index does not travel: a RangeIndex without a name is left out, any other raises FrameRefused. What Arrow cannot
    hold as it is (mixed objects, periods, labels that are no text) becomes text, and warns with FrameWarning.
    """
    index = frame.index
    if not isinstance(index, pd.RangeIndex) or index.name is not None:
        raise FrameRefused(
            "the index of the DataFrame would be lost: reset_index() makes it a column, reset_index(drop=True) drops it"
        )
    table, mapped = from_pandas(frame)
    for one in mapped:
        warnings.warn(f"{one.code}: {one.detail}", FrameWarning, stacklevel=2)
    if table.nbytes > _WHOLE_BYTES:
        return TableBody(table, packed)
    return Content(b"".join(TableBody(table, packed=False).chunks()), ARROW)


def frame_of(data: bytes, encoding: str) -> pd.DataFrame:
    """The DataFrame in an Arrow stream, the caller's own to change; raises AnswerUnreadable."""
    try:
        whole = pa.CompressedInputStream(pa.BufferReader(data), encoding).read() if encoding else data
        # a table's columns are views of the bytes that came, and those cannot be written to
        return to_pandas(pa.ipc.open_stream(whole).read_all()).copy()
    except (pa.ArrowException, OSError) as error:
        raise AnswerUnreadable(f"the answer is no readable Arrow stream ({str(error)[:200]}); ask again") from None
