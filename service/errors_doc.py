"""docs/errors.md, made from the error tree: `python -m service.errors_doc > docs/errors.md`."""

import sys
from typing import Final

from config.sections import LimitSettings
from jobs.errors import CountExceeded, FramequeueError, SizeExceeded
from service.problems import STATUS, error_classes

_HEAD: Final = """# Errors

Every error, over HTTP and in `job.error`, is a problem (RFC 9457) whose `code` stays. `status` is the HTTP status where
a request meets the error; where a job does, `/v1/jobs/{id}/result` answers 424 with the same code. `retryable` says
whether the same request may succeed later. This page is made from the code by `service.errors_doc`; a test compares.

| code | status | retryable | title | when, and what helps |
|---|---|---|---|---|
"""

LIMITS: Final = (*SizeExceeded.__subclasses__(), *CountExceeded.__subclasses__())


def _meaning(setting: str) -> str:
    text = LimitSettings.model_fields[setting].description or ""
    return text[:1].lower() + text[1:]


WHEN: Final[dict[str, str]] = {
    "json.malformed": "The text is not JSON; the detail names line and column.",
    "http.malformed": "The bytes on the connection are no HTTP request; it is closed.",
    "header.malformed": "A header does not follow its grammar; the detail names it.",
    "multipart.malformed": "The body is not the multipart/form-data that its Content-Type says, or ends too early.",
    "cursor.malformed": "The cursor is not one that this list gave with these filters; begin without one.",
    "auth.key_missing": "The service asks for a key: send `Authorization: Bearer KEY`.",
    "auth.key_unknown": "The key is not configured here; `framequeue keys new` makes one.",
    "auth.scope_missing": "The key lacks the scope that the detail names.",
    "not_found": "There is no such path, job, frame or transform, or it is another tenant's.",
    "http.method_not_allowed": "The path does not take this method; `Allow` lists those it takes.",
    "format.not_acceptable": "No format fits `Accept`, `Accept-Encoding` or `?format=`; the detail lists the formats.",
    "result.not_representable": "The result holds what this format cannot say without loss; ask for another format.",
    "job.not_ready": "The job has not ended; ask again after `Retry-After`, or wait with `Prefer: wait=30`.",
    "job.live": "Only a job that has ended can be deleted or run again; cancel it, or wait for its end.",
    "precondition.failed": "`If-Match` names another version than the one there is; the detail has its tag.",
    "range.not_satisfiable": "The range begins behind the end of the bytes; `Content-Range` has their number.",
    "input.gone": "An input of a known job has expired or was deleted; upload it again.",
    "result.expired": "The result has outlived `result_ttl_s`; submit the job again.",
    **{kind.code: f"Beyond `limits.{kind.setting}`: {_meaning(kind.setting)}" for kind in LIMITS},
    "format.unsupported": "The `Content-Type` is not one that is read; `Accept-Post` lists those that are.",
    "format.encoding_unsupported": "The `Content-Encoding` is not read; `Accept-Encoding` lists those that are.",
    "spec.invalid": "A field has a wrong type or value; the pointer says which.",
    "spec.field_unknown": "A field, query parameter or key of a source is not known; the detail suggests the nearest.",
    "webhook.refused": "The webhook's URL is not https, its host is not allowed, or its address is not a public one.",
    "idempotency.mismatch": "The key was used for another request; repeat that one unchanged, or take a new key.",
    "pipeline.op_unknown": "There is no such op; `GET /v1/transforms` lists them.",
    "pipeline.argument_invalid": "An argument of a step has a wrong type or value.",
    "pipeline.argument_unknown": "The op has no such argument; the detail lists those it has.",
    "pipeline.name_unknown": "A step names a frame that is neither an input nor saved before it.",
    "pipeline.name_taken": "A step saves under a name that is an input's or another step's.",
    "expression.syntax": "The expression cannot be parsed; the detail has the position.",
    "expression.forbidden": "The expression uses what the language does not have, such as an unknown function.",
    "expression.too_large": "The expression is longer, deeper or computes more than its limits.",
    "transform.column_unknown": "A step names a column that its frame has not; the detail suggests the nearest.",
    "transform.column_ambiguous": "A step names a column that its frame has more than once.",
    "transform.column_taken": "A step would make a column whose name is taken.",
    "transform.dtype_unsuitable": "A step cannot work on a column of this dtype; cast it with `astype` before.",
    "transform.expectation_failed": "Rows are not what `expect` says; the detail names rules and rows.",
    "transform.output_too_large": "A step's frame would exceed the limits of rows or columns; nothing was allocated.",
    "transform.failed": "A step raised; the report has the exception, sample rows and the frame's shape.",
    "transform.retry": "A transform asked for another try in the last of `max_attempts` attempts; the detail says why.",
    "transform.connection_lost": "A transform of your own lost a connection in the last of `max_attempts` attempts.",
    "input.missing": "The job has no input.",
    "input.unknown": "An input names a frame or a job that does not exist, or is another tenant's.",
    "input.malformed": "An input is not in the format it says; the detail names the row where that is known.",
    "input.empty": "An input, or the body, has no bytes.",
    "input.cast_failed": "A value of an input does not fit the dtype that `dtypes` asks for.",
    "input.rejects_exceeded": "More rows were set aside than `max_rejects` allows; the report names the first of them.",
    "input.upstream_failed": "A job whose result was an input failed or was canceled; its own report says why.",
    "job.timeout": "An attempt ran longer than `timeout_s`; raise it, or do less.",
    "job.memory_exceeded": "The inputs take more memory than a worker may use; the detail has the numbers.",
    "job.canceled": "The job was canceled on request.",
    "worker.lost": "The worker died in each of `max_attempts` attempts; the detail has the evidence.",
    "worker.drained": "Only in reports: the worker was stopped in mid-attempt; the job went back with its try.",
    "quota.requests": "The tenant sent more requests than its quota; `Retry-After` says when to go on.",
    "quota.queued_jobs": "The tenant has as many unfinished jobs as its quota allows; ask again when some have ended.",
    "quota.stored_bytes": "The tenant stores as much as its quota allows; delete jobs or frames.",
    "store.unavailable": "Redis does not answer; try again after `Retry-After`.",
    "store.full": "Redis is out of memory; try again when jobs have ended or results expired.",
    "queue.full": "As many jobs are queued as `limits.queued_jobs` allows; try again.",
    "request.timeout": "The body stopped coming for a minute; nothing was stored.",
    "service.stopping": "The process stopped while the request waited; ask again after `Retry-After`.",
    "http.head_too_large": "Request line and headers exceed 64 KiB; send a long pipeline in the body.",
    "internal": "A fault of framequeue itself; its log has the traceback under the trace id.",
}


def render() -> str:
    """The whole page, by status."""
    rows = {error.code: _row(error) for error in error_classes() if error.code in STATUS}
    return _HEAD + "\n".join(rows[code] for code in STATUS if code in rows) + "\n"


def _row(error: type[FramequeueError]) -> str:
    code, retryable = error.code, "yes" if error.retryable else "no"
    return f'| <a id="{code}"></a>`{code}` | {STATUS[code]} | {retryable} | {error.title} | {WHEN[code]} |'


if __name__ == "__main__":
    sys.stdout.write(render())
