"""What the OpenAPI document says of each route."""

import json
from typing import Any, Final

from service.intake.bounds import MAX_ATTEMPTS, MAX_DELAY_S, MAX_REJECTS
from service.negotiation import JSON, NDJSON
from service.operations import (
    EXAMPLE_CSV,
    EXAMPLE_PIPELINE,
    EXAMPLE_RECORDS,
    FRAME_QUERY,
    WAIT,
    Doc,
    frame_answer,
    frame_content,
    json_answer,
    operation,
    path_parameter,
    query_parameter,
)

_JOB_ID: Final = path_parameter("id", "The job's id.", "^job_")
_FRAME_ID: Final = path_parameter("id", "The frame's id.", "^frm_")
_JOB_HEADERS: Final = ("ETag", "Location", "Retry-After", "Preference-Applied")
_NOT_MODIFIED: Final[Doc] = {"description": "The caller has this version: If-None-Match names it."}
_ENVELOPE_EXAMPLE: Final = {"pipeline": EXAMPLE_PIPELINE, "inputs": {"orders": {"records": EXAMPLE_RECORDS}}}

# the fields of the envelope where the body is the frame itself
_SUBMIT_QUERY: Final = (
    query_parameter(
        "pipeline",
        "The steps as JSON; its presence makes the body the frame, an input named `df`.",
        {"type": "string", "contentMediaType": JSON},
    ),
    query_parameter("dtypes", "Column to dtype, as JSON.", {"type": "string", "contentMediaType": JSON}),
    query_parameter("timeout_s", "How long one attempt may run.", {"type": "number", "exclusiveMinimum": 0}),
    query_parameter("max_attempts", "Attempts.", {"type": "integer", "minimum": 1, "maximum": MAX_ATTEMPTS}),
    query_parameter(
        "delay_s", "Seconds before it is queued.", {"type": "number", "minimum": 0, "maximum": MAX_DELAY_S}
    ),
    query_parameter("result_ttl_s", "Seconds the result is kept.", {"type": "integer", "minimum": 1}),
    query_parameter("on_row_error", "What a bad row does.", {"type": "string", "enum": ["fail"]}),
    query_parameter("max_rejects", "Bad rows at most.", {"type": "integer", "minimum": 0, "maximum": MAX_REJECTS}),
    {
        "name": "label",
        "in": "query",
        "required": False,
        "description": "`label.K=V`: a label.",
        "style": "form",
        "explode": True,
        "schema": {"type": "object", "additionalProperties": {"type": "string"}},
    },
)


def _submit_body() -> Doc:
    files = {"type": "object", "required": ["job"], "properties": {"job": {"$ref": "#/components/schemas/Envelope"}}}
    content: dict[str, Any] = frame_content()
    content[JSON] = {
        "schema": {"$ref": "#/components/schemas/Envelope"},
        "examples": {"groupby": {"summary": "Totals per region", "value": _ENVELOPE_EXAMPLE}},
    }
    content["multipart/form-data"] = {
        "schema": {**files, "additionalProperties": {"type": "string", "format": "binary"}}
    }
    content["text/csv"] = {"examples": {"csv": {"summary": "The frame itself", "value": EXAMPLE_CSV}}}
    return {"required": True, "content": content}


def _job_answers() -> dict[int, Doc]:
    ended = json_answer("JobBody", "The job, ended within the wait.", headers=_JOB_HEADERS)
    ended["content"] |= {name: one for name, one in frame_content().items() if name != JSON}
    return {
        200: ended | {"description": "The job, ended within the wait; or its result, where Accept is a frame format."},
        202: json_answer("JobBody", "The job was accepted, and cannot be lost.", headers=_JOB_HEADERS),
    }


SUBMIT: Final = operation(
    "Submit a job",
    _job_answers(),
    scope="jobs:write",
    parameters=(*_SUBMIT_QUERY, WAIT),
    body=_submit_body(),
    problems=(400, 406, 413, 415, 424, 503),
    description=(
        "Three bodies, one meaning: the envelope as JSON; multipart/form-data with a part `job` and a file part per "
        "input; or the frame itself with the fields as query parameters, such as "
        f"`?pipeline={json.dumps(EXAMPLE_PIPELINE[:1])}`."
    ),
)
GET_JOB: Final = operation(
    "Show a job",
    {200: json_answer("JobBody", "The job as it stands.", headers=_JOB_HEADERS), 304: _NOT_MODIFIED},
    scope="jobs:read",
    parameters=(_JOB_ID, WAIT),
    problems=(404, 503),
    description=(
        "With `Prefer: wait`, the answer comes once the job has ended; with `If-None-Match` beside it, once the job "
        "has another version than that one, or as 304 when the wait is over."
    ),
)
CANCEL_JOB: Final = operation(
    "Cancel a job",
    {
        200: json_answer("JobBody", "The job has ended: by this, or before it.", headers=_JOB_HEADERS),
        202: json_answer("JobBody", "The job runs, and its worker was told.", headers=_JOB_HEADERS),
    },
    scope="jobs:write",
    parameters=(_JOB_ID,),
    problems=(404, 503),
    description="Repeatable. The first end wins: a job that ends by itself meanwhile keeps its result.",
)
GET_LOGS: Final = operation(
    "Show what a job's transforms said",
    {
        200: {
            "description": "One JSON object a line: `at`, `attempt`, `step`, `level`, `message`, `source`.",
            "content": {NDJSON: {"schema": {"type": "string"}}},
        }
    },
    scope="jobs:read",
    parameters=(_JOB_ID,),
    problems=(404, 503),
    description="What they logged, printed and warned, of every attempt: 1,000 lines and 256 KiB a job.",
)
GET_REPORT: Final = operation(
    "Show a job's failed attempts",
    {200: json_answer("ReportBody", "Every attempt that failed; tracebacks with the scope `debug`.")},
    scope="jobs:read",
    parameters=(_JOB_ID,),
    problems=(404, 503),
)
_RESULT_PROBLEMS: Final = (400, 404, 406, 409, 410, 424, 503)
GET_RESULT: Final = operation(
    "Get a job's result",
    {200: frame_answer("The result in the negotiated format."), 304: _NOT_MODIFIED},
    scope="jobs:read",
    parameters=(_JOB_ID, *FRAME_QUERY),
    problems=_RESULT_PROBLEMS,
)
HEAD_RESULT: Final = operation(
    "Get the headers of a job's result",
    {200: {"description": "There is a result in the negotiated format."}, 304: _NOT_MODIFIED},
    scope="jobs:read",
    parameters=(_JOB_ID, *FRAME_QUERY),
    problems=_RESULT_PROBLEMS,
)
UPLOAD_FRAME: Final = operation(
    "Upload a frame",
    {201: json_answer("FrameBody", "The frame is kept, and can be read.", headers=("Location",))},
    scope="frames",
    body={
        "required": True,
        "content": {**frame_content(), "text/csv": {"examples": {"csv": {"value": EXAMPLE_CSV}}}},
    },
    problems=(400, 413, 415, 503),
)
GET_FRAME: Final = operation(
    "Show a frame",
    {200: json_answer("FrameBody", "What is known of the frame.")},
    scope="frames",
    parameters=(_FRAME_ID,),
    problems=(404, 503),
)
DELETE_FRAME: Final = operation(
    "Forget a frame",
    {204: {"description": "The frame is forgotten; jobs that were accepted with it are unharmed."}},
    scope="frames",
    parameters=(_FRAME_ID,),
    problems=(404, 503),
)
GET_CONTENT: Final = operation(
    "Get a frame back",
    {200: frame_answer("The frame in the negotiated format."), 304: _NOT_MODIFIED},
    scope="frames",
    parameters=(_FRAME_ID, *FRAME_QUERY),
    problems=(400, 404, 406, 410, 503),
)
LIST_TRANSFORMS: Final = operation(
    "List the transforms",
    {200: json_answer("CatalogueBody", "Every op."), 304: _NOT_MODIFIED},
    scope="jobs:read",
)
GET_TRANSFORM: Final = operation(
    "Show a transform",
    {200: json_answer("TransformBody", "The op."), 304: _NOT_MODIFIED},
    scope="jobs:read",
    parameters=({**path_parameter("op", "The op's name."), "example": "groupby"},),
    problems=(404,),
)
LIVEZ: Final = operation(
    "Is the process alive",
    {200: {"description": "It is.", "content": {JSON: {"schema": {"type": "object"}, "example": {"alive": True}}}}},
)
READYZ: Final = operation(
    "Can it take jobs",
    {200: json_answer("ReadyBody", "It can."), 503: json_answer("ReadyBody", "It cannot; `problems` say why.")},
)
