"""The digest of a body is that of what is in it, whatever its encoding, and costs no more memory than a piece."""

import asyncio
import gzip
import hashlib
import os
from concurrent.futures import ThreadPoolExecutor

import pyarrow as pa
import pytest

from jobs.codecs.base import DecodeLimits
from jobs.errors import InputMalformed, SizeExceeded
from jobs.fingerprints import decoded_digest
from jobs.model import PayloadRef
from jobs.store.uploads import Staged

PLAIN = os.urandom(700_000) * 3
PACKED = {
    "gzip": gzip.compress(PLAIN[:1_000_000]) + gzip.compress(PLAIN[1_000_000:]),
    "zstd": pa.compress(PLAIN, codec="zstd", asbytes=True),
}


class Blob:
    """A stored payload, in chunks."""

    def __init__(self, data: bytes, chunk: int = 100_000) -> None:
        self._chunks = [data[start : start + chunk] for start in range(0, len(data), chunk)]

    async def chunk(self, blob_id: str, number: int) -> bytes | None:
        return self._chunks[number] if number < len(self._chunks) else None


def staged(data: bytes, encoding: str, *, inline: bool) -> Staged:
    ref = PayloadRef(blob="" if inline else "blb_a", media_type="text/csv", bytes=len(data), encoding=encoding)
    return Staged(ref, data if inline else None)


@pytest.mark.parametrize("encoding", PACKED)
@pytest.mark.parametrize("inline", [True, False])
async def test_the_digest_is_that_of_the_decoded_body(encoding: str, inline: bool) -> None:
    data = PACKED[encoding]
    found = await decoded_digest(Blob(data), staged(data, encoding, inline=inline), DecodeLimits())
    assert found == hashlib.sha256(PLAIN).hexdigest()


@pytest.mark.parametrize("encoding", PACKED)
@pytest.mark.parametrize("data", [b"no such thing", None])
async def test_what_cannot_be_unpacked_is_malformed(encoding: str, data: bytes | None) -> None:
    broken = PACKED[encoding][:-1000] if data is None else data
    with pytest.raises(InputMalformed):
        await decoded_digest(Blob(broken), staged(broken, encoding, inline=False), DecodeLimits())


@pytest.mark.parametrize("encoding", PACKED)
async def test_a_bomb_is_stopped_at_the_limits(encoding: str) -> None:
    small = pa.compress(bytes(10_000_000), codec=encoding, asbytes=True)
    for limits in (
        DecodeLimits(decoded_bytes=2_000_000),
        DecodeLimits(ratio_free_bytes=2_000_000, compression_ratio=2),
    ):
        with pytest.raises(SizeExceeded):
            await decoded_digest(Blob(small), staged(small, encoding, inline=False), limits)


class UnpackedElsewhere(Blob):
    """As the store: a chunk is unpacked in one of the event loop's own threads."""

    async def chunk(self, blob_id: str, number: int) -> bytes | None:
        chunk = await super().chunk(blob_id, number)
        return await asyncio.to_thread(lambda: chunk)


async def test_many_at_once_do_not_wait_for_each_other() -> None:
    """The threads that unpack chunks must not be those that wait for them."""
    asyncio.get_running_loop().set_default_executor(ThreadPoolExecutor(2))
    data = PACKED["gzip"]
    async with asyncio.timeout(20):
        found = await asyncio.gather(
            *(
                decoded_digest(UnpackedElsewhere(data), staged(data, "gzip", inline=False), DecodeLimits())
                for _ in range(4)
            )
        )
    assert set(found) == {hashlib.sha256(PLAIN).hexdigest()}
