"""Answers: a job as JSON, a frame in the negotiated format, each with the headers that belong to it."""

import json
from base64 import b64encode
from collections.abc import Mapping
from dataclasses import replace
from typing import Final

import msgspec
from starlette.requests import Request
from starlette.responses import Response, StreamingResponse

from jobs.errors import SpecInvalid
from jobs.hints import listing
from jobs.model import Job, Warn
from jobs.renderings import Facts, Rendering
from jobs.results import View
from service.conditions import Span, asked_range, check_match, wants_digest
from service.dependencies import services
from service.intake.uploads import ORIENTS
from service.negotiation import JSON, Choice, encoding, has_tag
from service.paging import page_links
from service.picking import picked_columns
from service.problems import body_response
from service.views import failure, job_body, job_path

LIVE_RETRY_S: Final = 1
VARY: Final = "Accept, Accept-Encoding"
HTML_POLICY: Final = "default-src 'none'; style-src 'unsafe-inline'; sandbox"
_COMPRESSED: Final = frozenset({"parquet", "xlsx"})
_MOST_WARNINGS: Final = 20
_LONGEST_WARNING: Final = 200
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
    orient = parameters.get("orient", choice.orient or ORIENTS[0])
    if orient not in ORIENTS:
        raise SpecInvalid(f"orient is one of {listing(ORIENTS)}, not {orient[:40]!r}", "/orient")
    columns = parameters.get("columns")
    view = View(
        codec=choice.codec,
        orient=orient,
        columns=None if columns is None else picked_columns(columns),
        offset=_count(parameters, "offset") or 0,
        limit=_count(parameters, "limit"),
    )
    # the stored form is compressed inside already, and is sent without a look at it
    worthwhile = not view.as_stored and choice.codec.name not in _COMPRESSED
    return replace(view, encoding=encoding(request.headers, worthwhile=worthwhile))


async def frame_response(
    request: Request, rendering: Rendering, view: View, choice: Choice, *, name: str, headers: Mapping[str, str]
) -> Response:
    """A frame's bytes, all or a range of them, streamed where they are many; 304 where the caller has them.

    Raises PreconditionFailed and RangeUnsatisfiable. Conditions and ranges count for GET and HEAD alone.
    """
    every = {"vary": VARY, "cache-control": "private, no-cache", "etag": f'"{rendering.etag}"', **headers}
    try:
        return await _frame_response(request, rendering, every, _entity(request, rendering, view, choice, name))
    except BaseException:
        await rendering.close()
        raise


async def _frame_response(
    request: Request, rendering: Rendering, every: dict[str, str], entity: dict[str, str]
) -> Response:
    reads, asked = request.method in ("GET", "HEAD"), None
    if reads:
        check_match(request.headers, every["etag"])
        if has_tag(request.headers, every["etag"]):
            await rendering.close()
            return Response(status_code=304, headers=every)
    if request.method == "GET":
        asked = asked_range(request.headers, every["etag"])
    await rendering.peek()
    facts = await rendering.measured() if asked or wants_digest(request.headers) else rendering.facts
    every |= entity
    if facts is not None:
        every["repr-digest"] = f"sha-256=:{b64encode(facts.sha256).decode()}:"
    span = asked.within(facts.size) if asked and facts else None
    if span is not None:
        every["content-range"] = span.content_range
    if request.method == "HEAD":
        await rendering.close()
    return _body(request, rendering, every, span, facts)


def _body(
    request: Request, rendering: Rendering, headers: dict[str, str], span: Span | None, facts: Facts | None
) -> Response:
    status = 200 if span is None else 206
    if rendering.data is not None and request.method != "HEAD":
        data = rendering.data
        return Response(data if span is None else data[span.start : span.start + span.count], status, headers)
    if facts is not None:
        headers["content-length"] = str(facts.size if span is None else span.count)
    if request.method == "HEAD":
        response = Response(status_code=status, headers=headers)
        if facts is None:  # a length that is not known is left out: 0 would be a lie
            del response.headers["content-length"]
        return response
    span = span or (Span(0, facts.size, facts.size) if facts and rendering.used_up else None)
    pieces = rendering.whole() if span is None else rendering.part(span.start, span.count)
    return StreamingResponse(pieces, status, headers)


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


def _entity(request: Request, rendering: Rendering, view: View, choice: Choice, name: str) -> dict[str, str]:
    charset = "; charset=utf-8" if choice.codec.name in _TEXT else ""
    filename = f"{name}.{choice.codec.extension.removeprefix('.')}"
    shown = "inline" if choice.codec.name == "html" else "attachment"
    entity = {
        "content-type": choice.media_type + charset,
        "content-disposition": f'{shown}; filename="{filename}"',
        "accept-ranges": "bytes",
    }
    if warnings := warning_header(rendering.warnings):
        entity["framequeue-warning"] = warnings
    if links := page_links(request, view, rendering.rows):
        entity["link"] = links
    if choice.codec.name == "html":
        # a table of somebody's data runs nothing and loads nothing, wherever it is shown
        entity |= {"content-security-policy": HTML_POLICY, "x-content-type-options": "nosniff"}
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
