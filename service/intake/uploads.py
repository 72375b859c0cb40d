"""Bodies on their way in: bounded while they stream, and straight through to the store."""

import asyncio
from collections.abc import AsyncIterator, Mapping
from contextlib import suppress
from dataclasses import dataclass
from types import TracebackType
from typing import Final, Self

from starlette.requests import Request

from config import Settings
from jobs.codecs.bodies import decompressed
from jobs.codecs.delimited import check_charset
from jobs.codecs.table import by_media_type
from jobs.errors import (
    BodyTooLarge,
    EnvelopeTooLarge,
    InputEmpty,
    InputError,
    QueueFull,
    QuotaExceeded,
    SizeExceeded,
    SpecError,
    SpecInvalid,
    StoreError,
    StoreFull,
)
from jobs.hints import listing
from jobs.queue import JobQueue
from jobs.store.uploads import Staged, Upload
from service.errors import EncodingUnsupported, HeaderMalformed, RequestTimeout
from service.negotiation import JSON, media_type_of

REQUEST_ENCODINGS: Final = ("gzip", "zstd")
BODY_IDLE_S: Final = 60.0
"""How long a body may pause before its request is given up, in seconds."""
ORIENTS: Final = ("records", "columns", "split")
ENVELOPE_HINT: Final = "; send large tables as a file part, as the raw body, or as a frame"
_PIECE_BYTES: Final = 1024**2
# with these the store says that it has kept nothing
_REFUSED: Final = (StoreFull, QueueFull, QuotaExceeded, SpecError, InputError)


class Staging:
    """The payloads of one submission or frame; whoever leaves before `handed_over()` takes them back."""

    def __init__(self, queue: JobQueue) -> None:
        self._queue = queue
        self._handed_over = False
        self.staged: dict[str, Staged] = {}
        self._beside: list[Staging] = []

    def beside(self) -> "Staging":
        """A place for the payloads of another job of the same request: they go the way of these."""
        made = Staging(self._queue)
        self._beside.append(made)
        return made

    def handed_over(self) -> None:
        """Say that the store may refer to the payloads now."""
        self._handed_over = True

    async def __aenter__(self) -> Self:
        """Start with nothing staged."""
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Discard what nobody refers to."""
        # of an unanswered submit nobody knows whether it was done: its payloads are left to their TTL
        refused = isinstance(error, _REFUSED)
        if error is not None and (refused or not self._handed_over):
            await self.discard()

    async def discard(self) -> None:
        """Remove the payloads: no job or frame was made of them."""
        places = (self, *self._beside)
        staged = [one for place in places for one in place.staged.values()]
        for place in places:
            place.staged = {}
        if staged:
            with suppress(StoreError):  # the chunks end with their TTL
                await self._queue.discard(*staged)


@dataclass(frozen=True, slots=True)
class InputFormat:
    """How to read a payload."""

    media_type: str
    encoding: str | None = None
    charset: str | None = None
    orient: str | None = None

    @classmethod
    def of(cls, headers: Mapping[str, str]) -> "InputFormat":
        """What the headers of a body say; raises FormatUnsupported, EncodingUnsupported or SpecInvalid."""
        media_type, parameters = media_type_of(headers.get("content-type", ""))
        by_media_type(media_type)
        orient = parameters.get("orient")
        if orient is not None and orient not in ORIENTS:
            raise SpecInvalid(
                f"the parameter orient of application/json is one of {listing(ORIENTS)}, not {orient[:40]!r}"
            )
        charset = parameters.get("charset")
        check_charset(charset)
        return cls(media_type, content_encoding(headers), charset, orient)


def content_encoding(headers: Mapping[str, str]) -> str | None:
    """The Content-Encoding, None for none; raises EncodingUnsupported."""
    encoding = headers.get("content-encoding", "").strip().lower()
    if encoding in ("", "identity"):
        return None
    if encoding not in REQUEST_ENCODINGS:
        raise EncodingUnsupported(encoding, REQUEST_ENCODINGS)
    return encoding


async def chunks(
    request: Request, limit: int, refusal: type[SizeExceeded] = BodyTooLarge, hint: str = ""
) -> AsyncIterator[bytes]:
    """The body as it comes; raises `refusal` where it is, or says that it will be, larger than `limit` bytes."""
    announced = request.headers.get("content-length")
    if announced is not None:
        if not (announced.isascii() and announced.isdigit()):
            raise HeaderMalformed("Content-Length", "a whole number of bytes")
        if int(announced[:20]) > limit:
            raise refusal("the body", limit, hint)
    total = 0
    stream = request.stream()
    while True:
        try:
            # not wait_for: that is a task for each of a thousand chunks
            async with asyncio.timeout(BODY_IDLE_S):
                chunk = await anext(stream)
        except StopAsyncIteration:
            return
        except TimeoutError:
            raise RequestTimeout(BODY_IDLE_S) from None
        total += len(chunk)
        if total > limit:
            raise refusal("the body", limit, hint)
        if chunk:
            yield chunk


async def envelope_bytes(request: Request, settings: Settings) -> bytes | bytearray:
    """A whole JSON envelope, decompressed; never more than `limits.envelope_bytes`."""
    limit = settings.limits.envelope_bytes
    encoding = content_encoding(request.headers)
    body = bytearray()
    async for chunk in chunks(request, limit, EnvelopeTooLarge, ENVELOPE_HINT):
        body += chunk
    # zlib and zstd let other threads run
    return body if encoding is None else await asyncio.to_thread(_unpacked, body, encoding, settings)


def _unpacked(body: bytearray, encoding: str, settings: Settings) -> bytes:
    limit = settings.limits.envelope_bytes
    try:
        return decompressed(body, encoding, limit)
    except SizeExceeded:
        raise EnvelopeTooLarge("the decompressed body", limit, ENVELOPE_HINT) from None


def open_upload(queue: JobQueue, form: InputFormat, *, inline: bool = True) -> Upload:
    """A place in the store for a payload of this format."""
    return queue.upload(
        media_type=form.media_type, encoding=form.encoding, charset=form.charset, orient=form.orient, inline=inline
    )


async def store_body(
    request: Request, queue: JobQueue, settings: Settings, form: InputFormat, *, inline: bool = True
) -> Staged:
    """Stream the body into the store as one payload; raises BodyTooLarge or InputEmpty and leaves nothing then."""
    async with open_upload(queue, form, inline=inline) as upload:
        empty = True
        async for chunk in chunks(request, settings.limits.body_bytes):
            empty = False
            await upload.write(chunk)
        if empty:
            raise InputEmpty("the body is empty; it is to be the frame itself")
        return await upload.finish()


async def store_bytes(queue: JobQueue, data: memoryview, *, orient: str) -> Staged:
    """Keep inline JSON as a payload, as it was sent."""
    async with queue.upload(media_type=JSON, orient=orient) as upload:
        for start in range(0, len(data), _PIECE_BYTES):
            await upload.write(bytes(data[start : start + _PIECE_BYTES]))
            await asyncio.sleep(0)  # hashing and copying a large table in one go would hold all others up
        return await upload.finish()
