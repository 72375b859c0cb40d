"""`Idempotency-Key`: by what a request is known when it is sent again, and the search for what it made before."""

import hashlib
import re
from typing import Final

import msgspec
from starlette.requests import Request

from jobs.codecs.base import DecodeLimits
from jobs.fingerprints import decoded_digest, digest_of
from jobs.model import Job
from jobs.queue import JobQueue
from jobs.store.uploads import Staged
from jobs.submits import IdempotencyKey, KeptFrame
from service.dependencies import services
from service.errors import HeaderMalformed
from service.intake.draft import beside
from service.intake.multipart import PartBegin
from service.negotiation import media_type_of

HEADER: Final = "Idempotency-Key"
LONGEST: Final = 255
_VISIBLE: Final = re.compile(r"[!-~]+")
_QUOTED: Final = re.compile(r'"((?:[^"\\]|\\["\\])*)"')
_ESCAPED: Final = re.compile(r"\\(.)")
_Fact = str | tuple[str, ...] | list[tuple[str, str]]


class ReplayedError(Exception):
    """The same request made these jobs before: nothing more of it is needed."""

    def __init__(self, jobs: tuple[Job, ...]) -> None:
        super().__init__("replayed")
        self.jobs = jobs


class Repeats:
    """The key of one request, and its fingerprint as it becomes known; without a key nothing is computed."""

    def __init__(self, request: Request) -> None:
        self._name = key_of(request)
        self._services = services(request)
        self._facts: list[_Fact] = []
        if self._name is not None:
            media_type, parameters = media_type_of(request.headers.get("content-type", ""))
            parameters.pop("boundary", None)  # a client makes a new one for each try
            self._facts += [request.scope["path"], request.query_params.multi_items()]
            self._facts += [media_type, sorted(parameters.items())]

    @property
    def key(self) -> IdempotencyKey | None:
        """The key with the fingerprint of all that was told of the request; None where it has none."""
        if self._name is None:
            return None
        return IdempotencyKey(self._name, hashlib.sha256(msgspec.json.encode(self._facts)).hexdigest())

    async def body(self, body: bytes | bytearray) -> None:
        """This is the whole body, without its encoding."""
        if self._name is not None:
            self._facts.append(await beside(len(body), _sha256, body))

    async def stored_body(self, staged: Staged) -> None:
        """This is the whole body, in the store; raises where its encoding cannot be taken off."""
        if self._name is not None:
            limits = self._services.settings.limits
            bounds = DecodeLimits(
                decoded_bytes=limits.decoded_bytes,
                compression_ratio=limits.compression_ratio,
                ratio_free_bytes=limits.ratio_free_bytes,
            )
            self._facts.append(await decoded_digest(self._queue, staged, bounds))

    async def part(self, part: PartBegin, content: Staged | bytearray) -> None:
        """This is a part of the body."""
        if self._name is not None:
            digest = digest_of(content) if isinstance(content, Staged) else await beside(len(content), _sha256, content)
            self._facts.append((part.name, part.filename, part.headers.get("content-type", ""), digest))

    async def look(self, tenant: str) -> None:
        """Raise ReplayedError where all that was told is a request that made jobs before, or IdempotencyMismatch."""
        key = self.key
        if key is not None and (jobs := await self._queue.submits.replayed(tenant, key)):
            raise ReplayedError(jobs)

    async def kept_frame(self, tenant: str) -> KeptFrame | None:
        """The frame that the same request made before, None where there is none; raises IdempotencyMismatch."""
        key = self.key
        return None if key is None else await self._queue.submits.replayed_frame(tenant, key)

    @property
    def _queue(self) -> JobQueue:
        return self._services.queue


def key_of(request: Request) -> str | None:
    """The Idempotency-Key, with or without quotes; None where there is none. Raises HeaderMalformed."""
    sent = request.headers.getlist(HEADER)
    if not sent:
        return None
    text = sent[0].strip(" \t")
    quoted = _QUOTED.fullmatch(text)
    key = _ESCAPED.sub(r"\1", quoted[1]) if quoted else text
    broken = text.startswith('"') and not quoted
    if len(sent) > 1 or broken or len(key) > LONGEST or not _VISIBLE.fullmatch(key):
        raise HeaderMalformed(HEADER, f"one key of 1 to {LONGEST} visible ASCII characters, with or without quotes")
    return key


def _sha256(data: bytes | bytearray) -> str:
    return hashlib.sha256(data).hexdigest()
