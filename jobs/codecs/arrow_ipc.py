"""Arrow IPC: the stream and the file, read batch by batch under the byte budget."""

from collections.abc import Callable, Iterator
from typing import Any

import pyarrow as pa

from jobs.codecs.arrow_messages import decoded_sizes
from jobs.codecs.base import Decoded, DecodeOptions, EncodeOptions
from jobs.codecs.budget import Budget
from jobs.codecs.picking import picked
from jobs.codecs.sifting import Sifted, sieve_for, together
from jobs.codecs.sink import Sink
from jobs.codecs.soundness import sound
from jobs.codecs.written_out import written_out
from jobs.errors import InputEmpty, InputMalformed

_BROKEN = (
    pa.ArrowInvalid, pa.ArrowNotImplementedError, pa.ArrowTypeError, pa.ArrowIndexError, pa.ArrowKeyError,
    OSError, KeyError, ValueError, OverflowError, MemoryError,
)  # fmt: skip


class ArrowStream:
    """The Arrow IPC stream."""

    name = "arrow"
    media_types: tuple[str, ...] = ("application/vnd.apache.arrow.stream", "application/x-apache-arrow-stream")
    extension = "arrows"
    reads = True
    missing = ""

    def decode(self, data: pa.Buffer, options: DecodeOptions, /) -> Decoded:
        """The table of a stream; see `Codec.decode`."""
        return _decode(data, options, "stream", _stream_batches)

    def encode(self, batches: pa.RecordBatchReader, _options: EncodeOptions, /) -> Iterator[bytes]:
        """A stream, batch by batch; see `Codec.encode`."""
        return _encode(batches, pa.ipc.new_stream)


class ArrowFile:
    """The Arrow IPC file (Feather v2)."""

    name = "arrow-file"
    media_types: tuple[str, ...] = ("application/vnd.apache.arrow.file", "application/x-apache-arrow-file")
    extension = "arrow"
    reads = True
    missing = ""

    def decode(self, data: pa.Buffer, options: DecodeOptions, /) -> Decoded:
        """The table of a file; see `Codec.decode`."""
        return _decode(data, options, "file", _file_batches)

    def encode(self, batches: pa.RecordBatchReader, _options: EncodeOptions, /) -> Iterator[bytes]:
        """A file, batch by batch; see `Codec.encode`."""
        return _encode(batches, pa.ipc.new_file)


Opened = tuple[pa.Schema, Iterator[pa.RecordBatch]]
Open = Callable[[pa.Buffer, pa.ipc.IpcReadOptions | None], Opened]


def _stream_batches(data: pa.Buffer, options: pa.ipc.IpcReadOptions | None = None) -> Opened:
    reader = pa.ipc.open_stream(data, options=options)
    return reader.schema, iter(reader)


def _file_batches(data: pa.Buffer, options: pa.ipc.IpcReadOptions | None = None) -> Opened:
    reader = pa.ipc.open_file(data, options=options)
    return reader.schema, (reader.get_batch(index) for index in range(reader.num_record_batches))


def _decode(data: pa.Buffer, options: DecodeOptions, kind: str, opened: Open) -> Decoded:
    if data.size == 0:
        raise InputEmpty(f"input {options.name!r} is empty where an Arrow {kind} was expected", input=options.name)
    budget = Budget(options)
    if not options.ours:
        _check_sizes(data, budget)
    try:
        schema, batches = opened(data, None)
        width = len(schema)
        budget.columns(width)
        positions = picked(schema.names, options.columns)
        if len(positions) < width:
            # these alone are decompressed
            schema, batches = opened(data, pa.ipc.IpcReadOptions(included_fields=positions))
        checked = _checked(batches, budget, options)
        sieve = sieve_for(options, schema)
        if sieve is None:
            return Decoded(sound(pa.Table.from_batches(list(checked), schema=schema)), width=width)
        left = Sifted(sieve, sound(schema.empty_table()).schema)
        for part in together(checked, schema, options.part_rows):
            left.take(sound(part))
        return left.decoded(width, options.name)
    except _BROKEN as error:
        reason = str(error).splitlines()[0][:200] if str(error) else type(error).__name__
        detail = f"input {options.name!r} is no readable Arrow {kind} ({reason})"
        raise InputMalformed(detail, input=options.name) from None


def _checked(batches: Iterator[pa.RecordBatch], budget: Budget, options: DecodeOptions) -> Iterator[pa.RecordBatch]:
    rows = 0
    for batch in batches:
        rows += batch.num_rows
        budget.rows(rows)
        if not options.ours:
            # first of all: offsets that lie would make even asking for the size crash
            batch.validate(full=True)
        budget.bytes(batch.nbytes + sum(map(written_out, batch.columns)))
        yield batch


def _check_sizes(data: pa.Buffer, budget: Budget) -> None:
    total = 0
    for size in decoded_sizes(data):
        total += size
        budget.fits(total)


def _encode(batches: pa.RecordBatchReader, new: Callable[..., Any]) -> Iterator[bytes]:
    sink = Sink()
    options = pa.ipc.IpcWriteOptions(unify_dictionaries=False)
    with new(pa.PythonFile(sink, mode="w"), batches.schema, options=options) as writer:
        for batch in batches:
            writer.write_batch(batch)
            yield sink.take()
    yield sink.take()
