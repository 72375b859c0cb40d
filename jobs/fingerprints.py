"""What a request was, as a short digest: whoever sends it again is known by it."""

import asyncio
import hashlib
import io
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import BinaryIO, Final, cast

from jobs.blob_file import BlobFile, Chunks
from jobs.codecs.base import DecodeLimits
from jobs.codecs.compression import unpacked
from jobs.store.uploads import Staged

_READ_BYTES: Final = 1024**2


def digest_of(staged: Staged) -> str:
    """The SHA-256 of a payload as it was sent, in hex."""
    return staged.ref.sha256 if staged.data is None else hashlib.sha256(staged.data).hexdigest()


async def decoded_digest(source: Chunks, staged: Staged, limits: DecodeLimits) -> str:
    """The SHA-256 of a payload without its Content-Encoding, in hex.

    It is read back from the store, in pieces: compressed bytes say nothing of what is in them. Raises InputMalformed,
    SizeExceeded as decoding does, and InputGone.
    """
    ref = staged.ref
    if ref.encoding is None:
        return digest_of(staged)
    loop = asyncio.get_running_loop()
    blob = BlobFile(source, ref.blob, ref.bytes, loop) if staged.data is None else None
    raw = io.BytesIO(staged.data or b"") if blob is None else io.BufferedReader(blob, _READ_BYTES)
    pieces = unpacked(cast(BinaryIO, raw), ref.encoding, ref.bytes, limits)
    thread = ThreadPoolExecutor(1, thread_name_prefix="digest")  # not one of the event loop's: see BlobFile
    try:
        return await loop.run_in_executor(thread, _digest, pieces)
    finally:
        if blob is not None:
            blob.abandon()
        thread.shutdown(wait=False)


def _digest(pieces: Iterator[bytes]) -> str:
    digest = hashlib.sha256()
    for piece in pieces:
        digest.update(piece)
    return digest.hexdigest()
