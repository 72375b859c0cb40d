"""Submitting a job."""

import json
from typing import Any, Final

from service.intake.bounds import MAX_ATTEMPTS, MAX_DELAY_S, MAX_REJECTS
from service.negotiation import JSON
from service.operations import (
    EXAMPLE_CSV,
    EXAMPLE_PIPELINE,
    EXAMPLE_RECORDS,
    WAIT,
    Doc,
    frame_content,
    json_answer,
    operation,
    query_parameter,
)
from service.routes.docs.common import JOB_HEADERS

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
    query_parameter("on_row_error", "What a bad row does.", {"type": "string", "enum": ["fail", "reject"]}),
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
    ended = json_answer("JobBody", "The job, ended within the wait.", headers=JOB_HEADERS)
    ended["content"] |= {name: one for name, one in frame_content().items() if name != JSON}
    return {
        200: ended | {"description": "The job, ended within the wait; or its result, where Accept is a frame format."},
        202: json_answer("JobBody", "The job was accepted, and cannot be lost.", headers=JOB_HEADERS),
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
