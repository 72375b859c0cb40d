"""The inputs of an attempt: their bytes from Redis, and of those the columns and rows that the pipeline looks at."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial

import pandas as pd
import pyarrow as pa

from jobs.codecs.base import Decoded, DecodeLimits, DecodeOptions
from jobs.codecs.decoding import decode
from jobs.codecs.frames import to_pandas
from jobs.errors import InputGone
from jobs.model import Input, InputInfo, PayloadRef, Warn
from jobs.pipeline import WHOLE, Reading
from jobs.pipeline.filtering import Conditions, filtered
from jobs.pointers import escaped
from jobs.rejects import Rejects
from jobs.store import blobs
from jobs.store.claims import Claim
from jobs.store.redis import Redis
from jobs.transforms.usage import plus
from jobs.worker.clock import Clock
from jobs.worker.memory import Memory


@dataclass(frozen=True, slots=True)
class Inputs:
    """The decoded inputs of a job by name; `done` are the steps whose conditions were applied on the way."""

    frames: dict[str, pd.DataFrame]
    infos: dict[str, InputInfo]
    warnings: tuple[Warn, ...]
    done: frozenset[int]


async def load(redis: Redis, claim: Claim, inputs: Mapping[str, PayloadRef]) -> dict[str, pa.Buffer]:
    """The bytes of every input by name; raises InputGone where they are not (all) there."""
    return {name: await _payload(redis, claim, name, ref) for name, ref in inputs.items()}


async def _payload(redis: Redis, claim: Claim, name: str, ref: PayloadRef) -> pa.Buffer:
    pointer = f"/inputs/{escaped(name)}"
    if not ref.blob:
        data = claim.inputs.get(name)
        if data is None:
            raise InputGone(f"the stored bytes of input {name!r} are gone", pointer)
        return pa.py_buffer(data)
    whole = pa.allocate_buffer(ref.bytes)
    filled = await blobs.read_into(redis, ref.blob, memoryview(whole).cast("B"))
    if filled != ref.bytes:
        raise InputGone(f"only {filled:,} of {ref.bytes:,} bytes of input {name!r} are there", pointer)
    return whole


class Reader:
    """Decodes inputs as far as the pipeline's `readings` go, each when it is asked for; without a reading, all of it.

    `usual` are the options that are the same for all: limits, and how large a part is.
    Bad rows go into `rejects` where it is given, and fail elsewhere. What was found out about those that were asked for
    is in `infos`, `warnings` and `done`, the steps whose conditions were applied on the way.
    """

    def __init__(
        self,
        given: Mapping[str, Input],
        payloads: Mapping[str, pa.Buffer],
        readings: Mapping[str, Reading],
        usual: DecodeOptions,
        rejects: Rejects | None = None,
    ) -> None:
        self._given, self._payloads, self._readings = given, payloads, readings
        self._usual = usual
        self.names = tuple(given)
        # all of them now, so that they come in the job's order
        self._aside = {} if rejects is None else {name: rejects.of_input(name) for name in given}
        self._infos: dict[str, InputInfo] = {}
        self._warnings: dict[str, tuple[Warn, ...]] = {}
        self.done: set[int] = set()

    @property
    def infos(self) -> dict[str, InputInfo]:
        """What is known of each input that was decoded, in the job's order."""
        return {name: self._infos[name] for name in self._given if name in self._infos}

    @property
    def warnings(self) -> tuple[Warn, ...]:
        """What was mapped, in the job's order."""
        return tuple(warning for name in self._given for warning in self._warnings.get(name, ()))

    def frame(self, name: str) -> pd.DataFrame:
        """The frame of one input; raises what `decode` raises, and what a condition does."""
        reading = self._readings.get(name, WHOLE)
        sieve, rest = _split(reading) if reading.conditions else (None, None)
        decoded = self._decoded(name, reading, sieve)
        rows = decoded.table.num_rows if decoded.rows is None else decoded.rows
        self._infos[name] = InputInfo(rows=rows, column_count=decoded.width, bytes=self._given[name].payload.bytes)
        self._warnings[name] = decoded.warnings
        if sieve is not None and decoded.rows is None:  # this codec decodes all at once
            rest = Conditions(reading.conditions, reading.kept)
        frame = (
            to_pandas(decoded.table, as_declared=decoded.rows is not None)
            if rest is None
            else filtered(decoded.table, rest)
        )
        self.done.update(reading.steps)  # not where a condition failed
        return frame

    def _decoded(self, name: str, reading: Reading, sieve: Conditions | None) -> Decoded:
        given = self._given[name]
        ref = given.payload
        options = DecodeOptions(
            name=name,
            charset=ref.charset,
            orient=ref.orient,
            dtypes=given.dtypes,
            # a cast is asked for, and may fail, whoever reads its column
            columns=plus(reading.columns, given.dtypes),
            ours=ref.ours,
            rejects=self._aside.get(name),
            sieve=sieve,
            part_rows=self._usual.part_rows,
            limits=self._usual.limits,
        )
        return decode(self._payloads[name], ref.media_type, ref.encoding, options)


def _split(reading: Reading) -> tuple[Conditions | None, Conditions | None]:
    """The conditions that are asked of parts of the input, and those of all rows that these leave."""
    alone = 0
    while alone < len(reading.conditions) and reading.conditions[alone].row_wise:
        alone += 1
    rest = Conditions(reading.conditions[alone:], reading.kept) if alone < len(reading.conditions) else None
    kept = reading.kept if rest is None else plus(reading.kept, rest.columns)
    return (Conditions(reading.conditions[:alone], kept) if alone else None), rest


class Given:
    """The inputs of an attempt: each is decoded when the first step that reads it comes up, those of no step never.

    `last` says that they are not to be decoded once more: each payload is then taken out of `payloads` after its use.
    """

    def __init__(self, reader: Reader, payloads: dict[str, pa.Buffer], memory: Memory, *, last: bool) -> None:
        self.reader, self._taken_ms = reader, dict[str, float]()
        self._payloads, self._memory, self._last = payloads, memory, last

    @property
    def decode_ms(self) -> float:
        """How long the decoding of all that was decoded took."""
        return round(sum(self._taken_ms.values()), 3)

    def frames(self, check: Callable[[], None]) -> dict[str, Callable[[], pd.DataFrame]]:
        """What makes the frames, by name; `check` is called before and may raise."""
        return {name: partial(self._decoded, name, check) for name in self.reader.names}

    def _decoded(self, name: str, check: Callable[[], None]) -> pd.DataFrame:
        check()
        clock = Clock()
        frame = self.reader.frame(name)
        self._memory.decoded((frame,))
        if self._last:
            self._memory.let_go(len(self._payloads.pop(name)))
        self._taken_ms[name] = clock.lap()
        return frame


def read(
    given: Mapping[str, Input],
    payloads: Mapping[str, pa.Buffer],
    readings: Mapping[str, Reading],
    limits: DecodeLimits,
    check: Callable[[], None],
    rejects: Rejects | None = None,
) -> Inputs:
    """All inputs, decoded as a Reader does; `check` is called between them and may raise."""
    reader, frames = Reader(given, payloads, readings, DecodeOptions(limits=limits), rejects), dict[str, pd.DataFrame]()
    for name in given:
        check()
        frames[name] = reader.frame(name)
    return Inputs(frames, reader.infos, reader.warnings, frozenset(reader.done))
