"""Small request bodies without their Content-Encoding, as bytes: for callers that know no Arrow."""

import pyarrow as pa

from jobs.codecs.base import DecodeLimits
from jobs.codecs.compression import decompress


def decompressed(data: bytes | bytearray, encoding: str, limit: int) -> bytes:
    """`data` without its encoding, at most `limit` bytes; raises as `decompress` does."""
    limits = DecodeLimits(decoded_bytes=limit, ratio_free_bytes=limit)
    plain: bytes = decompress(pa.py_buffer(data), encoding, limits).to_pybytes()
    return plain
