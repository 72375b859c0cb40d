"""The inputs of an attempt: their bytes from Redis, and of those the columns and rows that the pipeline looks at."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass

import pandas as pd
import pyarrow as pa

from jobs.codecs.base import Decoded, DecodeLimits, DecodeOptions
from jobs.codecs.decoding import decode
from jobs.codecs.frames import to_pandas
from jobs.errors import InputGone
from jobs.model import Input, InputInfo, PayloadRef, Warn
from jobs.pipeline import WHOLE, Reading
from jobs.pipeline.filtering import filtered
from jobs.pointers import escaped
from jobs.rejects import Rejects
from jobs.store import blobs
from jobs.store.claims import Claim
from jobs.store.redis import Redis
from jobs.transforms.usage import plus


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


def read(
    given: Mapping[str, Input],
    payloads: Mapping[str, pa.Buffer],
    readings: Mapping[str, Reading],
    limits: DecodeLimits,
    check: Callable[[], None],
    rejects: Rejects | None = None,
) -> Inputs:
    """Decode the inputs as far as the pipeline's `readings` go; an input without one is read whole.

    `check` is called between inputs and may raise. Bad rows go into `rejects` where it is given, and fail elsewhere.
    Raises what `decode` raises, and what a condition does.
    """
    frames: dict[str, pd.DataFrame] = {}
    infos: dict[str, InputInfo] = {}
    warnings: list[Warn] = []
    done: set[int] = set()
    for name, one in given.items():
        check()
        reading = readings.get(name, WHOLE)
        decoded = _decoded(name, one, payloads[name], reading, limits, rejects)
        table = decoded.table
        infos[name] = InputInfo(rows=table.num_rows, column_count=decoded.width, bytes=one.payload.bytes)
        warnings.extend(decoded.warnings)
        if reading.condition is None:
            frames[name] = to_pandas(table)
        else:
            frames[name] = filtered(table, reading.condition, reading.kept)
            done.add(reading.step)
    return Inputs(frames, infos, tuple(warnings), frozenset(done))


def _decoded(
    name: str, given: Input, data: pa.Buffer, reading: Reading, limits: DecodeLimits, rejects: Rejects | None
) -> Decoded:
    ref = given.payload
    options = DecodeOptions(
        name=name,
        charset=ref.charset,
        orient=ref.orient,
        dtypes=given.dtypes,
        # a cast is asked for, and may fail, whoever reads its column
        columns=plus(reading.columns, given.dtypes),
        ours=ref.ours,
        rejects=None if rejects is None else rejects.of_input(name),
        limits=limits,
    )
    return decode(data, ref.media_type, ref.encoding, options)
