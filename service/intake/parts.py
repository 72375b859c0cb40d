"""A multipart submission: the part `job` is the envelope, every other part a file that streams into the store."""

from collections.abc import AsyncIterator
from pathlib import PurePosixPath
from typing import Final

from starlette.requests import Request

from config import Settings
from jobs.codecs.table import CODECS
from jobs.errors import EnvelopeTooLarge, FramequeueError, InputEmpty, SpecInvalid, TooManyInputs
from service.dependencies import Services
from service.intake.bounds import check_name
from service.intake.draft import Draft
from service.intake.multipart import Event, PartBegin, PartData, PartEnd, boundary_of, events
from service.intake.repeats import Repeats
from service.intake.uploads import (
    ENVELOPE_HINT,
    InputFormat,
    Staging,
    chunks,
    content_encoding,
    envelope_bytes,
    open_upload,
)
from service.negotiation import media_type_of
from service.pointers import escaped

ENVELOPE_PART: Final = "job"
_UNTOLD: Final = ("", "application/octet-stream")  # what curl and browsers send where they do not know
_EXTENSIONS: Final = {f".{codec.extension.removeprefix('.')}": codec for codec in CODECS}
_PACKED: Final = {".gz": "gzip", ".zst": "zstd"}


async def read_parts(request: Request, services: Services, staging: Staging, repeats: Repeats) -> Draft:
    """The envelope of a multipart body; its files are in `staging` then, whatever the order of the parts."""
    boundary = boundary_of(request.headers.get("content-type", ""))
    draft: Draft | None = None
    stream = events(_body(request, services.settings), boundary)
    async for event in stream:
        if not isinstance(event, PartBegin):
            continue
        if event.name != ENVELOPE_PART:
            await _file(event, _content(stream), services, staging)
            await repeats.part(event, staging.staged[event.name])
        elif draft is None:
            text = await _envelope(_content(stream), services.settings)
            await repeats.part(event, text)
            draft = await Draft.read(text, services.settings)
        else:
            raise SpecInvalid(f"the part {ENVELOPE_PART!r} is given twice")
    if draft is None:
        raise SpecInvalid(f"the part {ENVELOPE_PART!r} is missing: the envelope as JSON, with the pipeline")
    return draft


async def _body(request: Request, settings: Settings) -> AsyncIterator[bytes]:
    encoding = content_encoding(request.headers)
    if encoding is not None:
        yield bytes(await envelope_bytes(request, settings))
        return
    async for chunk in chunks(request, settings.limits.body_bytes):
        yield chunk


async def _content(stream: AsyncIterator[Event]) -> AsyncIterator[bytes]:
    """The bytes of the current part; the stream stands behind its end then."""
    async for event in stream:
        if isinstance(event, PartEnd):
            return
        if isinstance(event, PartData):
            yield event.data


async def _envelope(content: AsyncIterator[bytes], settings: Settings) -> bytearray:
    limit = settings.limits.envelope_bytes
    text = bytearray()
    async for data in content:
        text += data
        if len(text) > limit:
            raise EnvelopeTooLarge(f"the part {ENVELOPE_PART!r}", limit, ENVELOPE_HINT)
    return text


async def _file(part: PartBegin, content: AsyncIterator[bytes], services: Services, staging: Staging) -> None:
    check_name(part.name)
    pointer = f"/inputs/{escaped(part.name)}"
    limit = services.settings.limits.inputs
    if part.name in staging.staged:
        raise SpecInvalid(f"the file part {part.name!r} is given twice", pointer)
    if len(staging.staged) >= limit:
        raise TooManyInputs("file parts at least", limit + 1, limit, "/inputs")
    try:
        form = _format(part)
    except FramequeueError as error:
        raise error.inside(pointer, f"part {part.name!r}") from None
    async with open_upload(services.queue, form) as upload:
        async for data in content:
            await upload.write(data)
        if upload.size == 0:
            raise InputEmpty(f"the file part {part.name!r} is empty", pointer)
        staging.staged[part.name] = await upload.finish()


def _format(part: PartBegin) -> InputFormat:
    """How to read a part: by its own Content-Type, or by its file name where that says nothing."""
    headers = dict(part.headers)
    path = PurePosixPath(part.filename.lower())
    if path.suffix in _PACKED:
        headers.setdefault("content-encoding", _PACKED[path.suffix])
        path = path.with_suffix("")
    if media_type_of(headers.get("content-type", ""))[0] in _UNTOLD and path.suffix in _EXTENSIONS:
        headers["content-type"] = _EXTENSIONS[path.suffix].media_types[0]
    return InputFormat.of(headers)
