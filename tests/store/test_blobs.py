"""Payloads: written as they stream, read back whole, and gone when nothing needs them."""

import hashlib
import random

import pytest

from config.sections import JobSettings
from jobs.errors import InputGone
from jobs.model import Outcome, PayloadRef
from jobs.state import JobState
from jobs.store import blobs, keys
from jobs.store.blobs import BlobWriter
from jobs.store.frames import FrameStore
from jobs.store.jobs import JobStore
from jobs.store.redis import Redis
from jobs.store.uploads import INLINE_BYTES, Upload
from tests.store.build import spec

REF = PayloadRef(blob="", media_type="text/csv", bytes=0)


async def whole(redis: Redis, blob_id: str) -> bytes:
    return b"".join(await pieces(redis, blob_id))


async def pieces(redis: Redis, blob_id: str) -> list[bytes | memoryview]:
    found = []
    while (chunk := await blobs.read_chunk(redis, blob_id, len(found))) is not None:
        found.append(chunk)
    return found


async def write(redis: Redis, data: bytes, ttl_s: int = 100) -> str:
    async with BlobWriter(redis, ttl_s) as writer:
        await writer.write(data)
        return (await writer.finish()).id


@pytest.mark.parametrize("size", [0, 1, 99, 100, 101, 1_000, 12_345])
async def test_what_was_written_is_read(redis: Redis, size: int) -> None:
    data = bytes(i % 251 for i in range(size))
    async with BlobWriter(redis, 100, chunk_bytes=100) as writer:
        for start in range(0, size, 37):
            await writer.write(data[start : start + 37])
        info = await writer.finish()
    assert await whole(redis, info.id) == data
    assert (info.size, info.sha256) == (size, hashlib.sha256(data).hexdigest())
    assert max(map(len, await pieces(redis, info.id))) <= 100
    at_once = bytearray(size)
    assert await blobs.read_into(redis, info.id, memoryview(at_once)) == size
    assert bytes(at_once) == data
    if size:
        assert await blobs.read_into(redis, info.id, memoryview(bytearray(size - 1))) >= size


async def test_text_takes_less_room_and_what_is_compressed_no_more(redis: Redis) -> None:
    text = await write(redis, b"2026-11-22,north,product-017,12.50\n" * 10_000)
    assert sum(map(len, (await redis.hgetall(keys.blob(text))).values())) < 100_000
    assert await whole(redis, text) == b"2026-11-22,north,product-017,12.50\n" * 10_000
    noise = random.Random(1).randbytes(200_000)
    packed = await write(redis, noise)
    assert sum(map(len, (await redis.hgetall(keys.blob(packed))).values())) <= 200_000 + 16
    assert await whole(redis, packed) == noise


async def test_an_abandoned_upload_leaves_nothing(redis: Redis) -> None:
    async def upload() -> None:
        async with BlobWriter(redis, 100, chunk_bytes=10) as writer:
            await writer.write(b"x" * 95)
            raise ConnectionResetError

    with pytest.raises(ConnectionResetError):
        await upload()
    assert await redis.keys("*") == []


async def test_a_missing_blob_is_gone_not_empty(redis: Redis) -> None:
    with pytest.raises(InputGone):
        await whole(redis, "blb_none")


async def test_small_payloads_need_no_blob_and_large_ones_do(redis: Redis) -> None:
    async with Upload(redis, 100, REF) as upload:
        await upload.write(b"x" * INLINE_BYTES)
        small = await upload.finish()
    assert (small.data, small.ref.blob, small.ref.bytes) == (b"x" * INLINE_BYTES, "", INLINE_BYTES)
    async with Upload(redis, 100, REF) as upload:
        await upload.write(b"x" * INLINE_BYTES)
        await upload.write(b"y")
        large = await upload.finish()
    assert large.data is None
    assert await whole(redis, large.ref.blob) == b"x" * INLINE_BYTES + b"y"


async def test_a_live_job_holds_its_payload_and_its_end_lets_go(redis: Redis, store: JobStore) -> None:
    blob_id = await write(redis, b"abc")
    await store.submit("job_a", spec(blob_id), {}, 10)
    assert await redis.pttl(keys.blob(blob_id)) == -1
    claim = (await store.claim("w", 1, 1_000)).taken[0]
    await store.finish(claim, JobState.SUCCEEDED, Outcome(), result_ttl_s=50)
    assert 40_000 < await redis.pttl(keys.blob(blob_id)) <= 50_000


async def test_a_frame_outlives_the_jobs_that_read_it(redis: Redis, store: JobStore) -> None:
    frames = FrameStore(redis, JobSettings(frame_ttl_s=900).frame_ttl_s)
    blob_id = await write(redis, b"abc")
    frame, _ = await frames.add("t", REF.changed(blob=blob_id), None)
    assert await frames.get(frame.id) == frame
    await store.submit("job_a", spec(blob_id), {}, 10)
    claim = (await store.claim("w", 1, 1_000)).taken[0]
    await store.finish(claim, JobState.SUCCEEDED, Outcome(), result_ttl_s=50)
    assert 800_000 < await redis.pttl(keys.blob(blob_id)) <= 900_000


async def test_deleting_a_frame_leaves_its_running_job_unharmed(redis: Redis, store: JobStore) -> None:
    frames = FrameStore(redis, 900)
    blob_id = await write(redis, b"abc")
    frame, _ = await frames.add("t", REF.changed(blob=blob_id), None)
    await store.submit("job_a", spec(blob_id), {}, 10)
    await frames.delete(frame)
    assert await frames.get(frame.id) is None
    assert await whole(redis, blob_id) == b"abc"
    claim = (await store.claim("w", 1, 1_000)).taken[0]
    await store.finish(claim, JobState.SUCCEEDED, Outcome(), result_ttl_s=50)
    assert not await redis.exists(keys.blob(blob_id))  # a rerun needs the frame


async def test_deleting_a_frame_nobody_reads_frees_its_bytes(redis: Redis) -> None:
    frames = FrameStore(redis, 900)
    frame, _ = await frames.add("t", REF.changed(blob=await write(redis, b"abc")), None)
    await frames.delete(frame)
    assert await redis.keys("*") == []
