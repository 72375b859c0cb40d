"""Errors as RFC 9457 problems: the one map from code to HTTP status, and the one shape of an error body."""

from collections.abc import Iterator
from typing import Final
from urllib.parse import quote

import msgspec
from starlette.responses import Response

from jobs.errors import (
    CountExceeded,
    FormatUnsupported,
    FramequeueError,
    JobLive,
    JobNotReady,
    QuotaExceeded,
    SizeExceeded,
    StoreError,
)
from jobs.model import Place, Problem
from service.errors import EncodingUnsupported, HttpError

MEDIA_TYPE: Final = "application/problem+json"
NOT_READY_RETRY_S: Final = 1
_LONGEST_TEXT: Final = 4_000  # of what a caller sent, an answer repeats no more than this
_MOST_PLACES: Final = 100

STATUS: Final[dict[str, int]] = {
    "json.malformed": 400,
    "http.malformed": 400,
    "header.malformed": 400,
    "multipart.malformed": 400,
    "cursor.malformed": 400,
    "auth.key_missing": 401,
    "auth.key_unknown": 401,
    "auth.scope_missing": 403,
    "not_found": 404,
    "http.method_not_allowed": 405,
    "format.not_acceptable": 406,
    "result.not_representable": 406,
    "job.not_ready": 409,
    "job.live": 409,
    "input.gone": 410,
    "result.expired": 410,
    "precondition.failed": 412,
    **{error.code: 413 for error in SizeExceeded.__subclasses__()},
    "format.unsupported": 415,
    "format.encoding_unsupported": 415,
    "range.not_satisfiable": 416,
    "spec.invalid": 422,
    "spec.field_unknown": 422,
    "webhook.refused": 422,
    "idempotency.mismatch": 422,
    **{error.code: 422 for error in CountExceeded.__subclasses__()},
    "pipeline.op_unknown": 422,
    "pipeline.argument_invalid": 422,
    "pipeline.argument_unknown": 422,
    "pipeline.name_unknown": 422,
    "pipeline.name_taken": 422,
    "expression.syntax": 422,
    "expression.forbidden": 422,
    "expression.too_large": 422,
    "transform.column_unknown": 422,
    "transform.column_ambiguous": 422,
    "transform.column_taken": 422,
    "transform.dtype_unsuitable": 422,
    "transform.expectation_failed": 422,
    "transform.output_too_large": 422,
    "transform.failed": 422,
    "input.missing": 422,
    "input.unknown": 422,
    "input.malformed": 422,
    "input.empty": 422,
    "input.cast_failed": 422,
    "input.rejects_exceeded": 422,
    "input.upstream_failed": 424,
    "transform.retry": 424,
    "transform.connection_lost": 424,
    "job.timeout": 424,
    "job.memory_exceeded": 424,
    "job.canceled": 424,
    "worker.lost": 424,
    "worker.drained": 424,
    "quota.requests": 429,
    "quota.queued_jobs": 429,
    "quota.stored_bytes": 429,
    "store.unavailable": 503,
    "store.full": 503,
    "queue.full": 503,
    "service.stopping": 503,
    "request.timeout": 408,
    "http.head_too_large": 431,
    "internal": 500,
}
JOB_FAILED: Final = 424


class ProblemBody(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """An error, wherever it shows: HTTP answers and `job.error` alike (RFC 9457)."""

    type: str
    title: str
    status: int
    code: str
    detail: str
    instance: str
    retryable: bool
    trace_id: str
    errors: tuple[Place, ...] = ()


def error_classes(root: type[FramequeueError] = FramequeueError) -> Iterator[type[FramequeueError]]:
    """The error tree, each class once, parents before children."""
    seen = {root}
    yield root
    for child in root.__subclasses__():
        for found in error_classes(child):
            if found not in seen:
                seen.add(found)
                yield found


def problem_of(error: FramequeueError) -> Problem:
    """What the outside may see of an error, with what the caller sent cut to a bearable length."""
    places = tuple(_short(place) for place in error.places[:_MOST_PLACES])
    detail = error.detail[:_LONGEST_TEXT]
    return Problem(code=error.code, title=error.title, detail=detail, retryable=error.retryable, errors=places)


def problem_body(problem: Problem, *, status: int, instance: str, trace_id: str, public_url: str) -> ProblemBody:
    """The body of a problem; `instance` is a path and gets escaped, `public_url` is the base of the type."""
    return ProblemBody(
        type=f"{public_url.rstrip('/')}/errors#{problem.code}",
        title=problem.title,
        status=status,
        code=problem.code,
        detail=problem.detail,
        instance=quote(instance[:_LONGEST_TEXT], safe="/:@!$&'()*+,;=~", errors="replace"),
        retryable=problem.retryable,
        trace_id=trace_id,
        errors=problem.errors,
    )


def error_response(error: FramequeueError, *, instance: str, trace_id: str, public_url: str, formats: str) -> Response:
    """The answer to a request that met `error`; `formats` is what `Accept-Post` lists on a 415."""
    status = STATUS.get(error.code, 500)
    body = problem_body(problem_of(error), status=status, instance=instance, trace_id=trace_id, public_url=public_url)
    response = body_response(body)
    for name, value in _headers(error, formats):
        response.headers[name] = value
    return response


def body_response(body: ProblemBody) -> Response:
    """A problem as an HTTP answer."""
    headers = {"cache-control": "no-store"}
    return Response(msgspec.json.encode(body), status_code=body.status, media_type=MEDIA_TYPE, headers=headers)


def _headers(error: FramequeueError, formats: str) -> tuple[tuple[str, str], ...]:
    if isinstance(error, HttpError | EncodingUnsupported):
        return error.headers
    if isinstance(error, QuotaExceeded):
        return (("retry-after", str(error.retry_after_s)), *_quota(error))
    if isinstance(error, StoreError):
        return (("retry-after", str(error.retry_after_s)),)
    if isinstance(error, JobNotReady | JobLive):
        return (("retry-after", str(NOT_READY_RETRY_S)),)
    if isinstance(error, FormatUnsupported):
        return (("accept-post", formats),)
    return ()


def _quota(error: QuotaExceeded) -> tuple[tuple[str, str], ...]:
    """The quota by name, in the fields of the RateLimit draft; that of requests is on every answer by itself."""
    if error.limit is None:
        return ()
    return (
        ("ratelimit-policy", f'"{error.policy}";q={error.limit}'),
        ("ratelimit", f'"{error.policy}";r=0;t={error.retry_after_s}'),
    )


def _short(place: Place) -> Place:
    if len(place.detail) <= _LONGEST_TEXT and len(place.pointer) <= _LONGEST_TEXT:
        return place
    return place.changed(pointer=place.pointer[:_LONGEST_TEXT], detail=place.detail[:_LONGEST_TEXT])
