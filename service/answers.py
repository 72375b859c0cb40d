"""Answers: a job as JSON, a frame in the negotiated format, each with the headers that belong to it."""

import json
from collections.abc import AsyncIterator, Mapping
from typing import Final

import msgspec
from starlette.requests import Request
from starlette.responses import Response, StreamingResponse

from jobs.errors import SpecInvalid
from jobs.hints import listing
from jobs.model import Job, Warn
from jobs.results import Rendering, View
from service.dependencies import services
from service.intake.uploads import ORIENTS
from service.negotiation import JSON, Choice, encoding, has_tag
from service.problems import body_response
from service.views import failure, job_body, job_path

LIVE_RETRY_S: Final = 1
_COMPRESSED: Final = frozenset({"parquet", "xlsx"})
_MOST_WARNINGS: Final = 20
_LONGEST_WARNING: Final = 200
_PEEKED: Final = 4  # a small frame ends before this many chunks: it gets a Content-Length
_TEXT: Final = frozenset({"csv", "tsv", "html"})
_JOB: Final = msgspec.json.Encoder()


def json_response(body: object, status: int = 200, headers: Mapping[str, str] | None = None) -> Response:
    """A value as JSON."""
    return Response(_JOB.encode(body), status, headers, JSON)


def job_response(request: Request, job: Job, status: int, *, waited_s: float | None = None) -> Response:
    """A job as JSON: `ETag` is its version, and a job that lives says when to ask again."""
    found = services(request)
    headers = {"etag": f'"{job.version}"', "location": found.public_url + job_path(job.id), "cache-control": "no-cache"}
    if not job.state.terminal:
        headers["retry-after"] = str(LIVE_RETRY_S)
    if waited_s is not None:
        headers["preference-applied"] = f"wait={waited_s:g}"
    return json_response(job_body(job, found.public_url), status, headers)


def not_modified(job: Job, *, waited_s: float | None = None) -> Response:
    """The 304 of a caller that has this version of the job."""
    headers = {"etag": f'"{job.version}"', "cache-control": "no-cache"}
    if not job.state.terminal:
        headers["retry-after"] = str(LIVE_RETRY_S)
    if waited_s is not None:
        headers["preference-applied"] = f"wait={waited_s:g}"
    return Response(status_code=304, headers=headers)


def failed_response(request: Request, job: Job) -> Response | None:
    """The 424 of a job that has no result and never will; None for all others."""
    body = failure(job, services(request).public_url)
    return None if body is None else body_response(body)


def view_of(request: Request, choice: Choice, parameters: Mapping[str, str]) -> View:
    """How the caller wants a frame: the negotiated format, and what the query says of columns and rows."""
    orient = parameters.get("orient") or choice.orient or ORIENTS[0]
    if orient not in ORIENTS:
        raise SpecInvalid(f"orient is one of {listing(ORIENTS)}, not {orient[:40]!r}", "/orient")
    columns = parameters.get("columns")
    return View(
        codec=choice.codec,
        orient=orient,
        columns=None if columns is None else tuple(columns.split(",")),
        offset=_count(parameters, "offset") or 0,
        limit=_count(parameters, "limit"),
        encoding=encoding(request.headers, worthwhile=choice.codec.name not in _COMPRESSED),
    )


async def frame_response(
    request: Request, rendering: Rendering, view: View, choice: Choice, *, name: str, headers: Mapping[str, str]
) -> Response:
    """A frame's bytes, streamed where they are many; 304 where the caller has them."""
    etag = f'"{rendering.etag}"'
    every = {"etag": etag, "vary": "Accept, Accept-Encoding", "cache-control": "private, no-cache", **headers}
    if warnings := warning_header(rendering.warnings):
        every["framequeue-warning"] = warnings
    if has_tag(request.headers, etag):
        await _close(rendering.chunks)
        return Response(status_code=304, headers=every)
    every |= _entity(view, choice, name)
    first = [chunk async for chunk in _up_to(rendering.chunks, _PEEKED)]
    whole = len(first) < _PEEKED
    if request.method == "HEAD":
        await _close(rendering.chunks)
        # a length that is not known is left out: 0 would be a lie
        every |= {"content-length": str(sum(map(len, first)))} if whole else {}
        return StreamingResponse(_up_to(rendering.chunks, 0), headers=every)
    if whole:
        return Response(b"".join(first), headers=every)
    return StreamingResponse(_all(first, rendering.chunks), headers=every)


def warning_header(warnings: tuple[Warn, ...]) -> str:
    """The value of `Framequeue-Warning`: `code;column="…";detail="…"`, escaped to ASCII, at most twenty of them."""
    shown = [_warning(one) for one in warnings[:_MOST_WARNINGS]]
    if len(warnings) > _MOST_WARNINGS:
        shown.append(f"more;count={len(warnings) - _MOST_WARNINGS}")
    return ", ".join(shown)


def _warning(warn: Warn) -> str:
    column = "" if warn.column is None else f";column={_quoted(warn.column)}"
    return f"{warn.code}{column};detail={_quoted(warn.detail)}"


def _quoted(text: str) -> str:
    # JSON's escapes leave printable ASCII only: no line breaks, nothing beyond latin-1
    return json.dumps(text[:_LONGEST_WARNING]).replace("\x7f", "\\u007f")


def _entity(view: View, choice: Choice, name: str) -> dict[str, str]:
    charset = "; charset=utf-8" if choice.codec.name in _TEXT else ""
    filename = f"{name}.{choice.codec.extension.removeprefix('.')}"
    entity = {
        "content-type": choice.media_type + charset,
        "content-disposition": f'attachment; filename="{filename}"',
    }
    if view.encoding:
        entity["content-encoding"] = view.encoding
    return entity


def _count(parameters: Mapping[str, str], name: str) -> int | None:
    text = parameters.get(name)
    if text is None:
        return None
    if not (text.isascii() and text.isdigit() and len(text) <= 15):
        raise SpecInvalid(f"{name} is a whole number from 0, not {text[:40]!r}", f"/{name}")
    return int(text)


async def _up_to(chunks: AsyncIterator[bytes], count: int) -> AsyncIterator[bytes]:
    for _ in range(count):
        try:
            yield await anext(chunks)
        except StopAsyncIteration:
            return


async def _all(first: list[bytes], rest: AsyncIterator[bytes]) -> AsyncIterator[bytes]:
    try:
        for chunk in first:
            yield chunk
        async for chunk in rest:
            yield chunk
    finally:
        await _close(rest)


async def _close(chunks: AsyncIterator[bytes]) -> None:
    close = getattr(chunks, "aclose", None)
    if close is not None:
        await close()
