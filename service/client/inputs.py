"""The inputs of jobs as they come back: how their bytes are to be read."""

import json

import httpx
from msgspec import field

from service.client.answers import read
from service.client.values import Answered

_MAGIC = {"gzip": b"\x1f\x8b", "zstd": b"\x28\xb5\x2f\xfd"}


class InputSent(Answered, frozen=True, kw_only=True):
    """How the bytes of a job's input are to be read, and what the job does with a row that cannot be.

    `encoding` is `gzip` or `zstd` where the bytes are still packed so.
    """

    name: str
    media_type: str
    encoding: str | None = None
    charset: str | None = None
    orient: str | None = None
    dtypes: dict[str, str] = field(default_factory=dict)
    on_row_error: str = "fail"
    max_rejects: int = 1000


def sent_of(name: str, headers: httpx.Headers, first: bytes) -> InputSent:
    """What the headers of an answer say of its bytes, of which `first` are the first."""
    parts = [part.strip() for part in headers.get("content-type", "").split(";")]
    said = dict(part.split("=", 1) for part in parts[1:] if "=" in part)
    packed = [encoding for encoding, magic in _MAGIC.items() if first.startswith(magic)]  # httpx takes off what it can
    return read(
        InputSent,
        {
            "name": name,
            "media_type": parts[0],
            "encoding": packed[0] if packed else None,
            "charset": said.get("charset"),
            "orient": said.get("orient"),
            "dtypes": json.loads(headers.get("framequeue-dtypes", "{}")),
            "on_row_error": headers.get("framequeue-on-row-error", "fail"),
            "max_rejects": int(headers.get("framequeue-max-rejects", "1000")),
        },
    )
