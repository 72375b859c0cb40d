"""Submitting a job."""

import json
from typing import Any, Final

from service.intake.bounds import MAX_ATTEMPTS, MAX_DELAY_S, MAX_REJECTS
from service.negotiation import JSON
from service.operations import (
    EXAMPLE_CSV,
    EXAMPLE_PIPELINE,
    EXAMPLE_RECORDS,
    IDEMPOTENCY_KEY,
    WAIT,
    Doc,
    frame_content,
    json_answer,
    operation,
    query_parameter,
    readable_content,
)
from service.routes.docs.common import MADE_HEADERS

ENVELOPE_EXAMPLE: Final = {"pipeline": EXAMPLE_PIPELINE, "inputs": {"orders": {"records": EXAMPLE_RECORDS}}}
# the fields of the envelope where the body is the frame itself
_SUBMIT_QUERY: Final = (
    query_parameter(
        "pipeline",
        "The steps as JSON; its presence makes the body the frame, an input named `df`.",
        {"type": "array", "items": {"type": "object"}},
        media_type=JSON,
    ),
    query_parameter(
        "dtypes",
        "Column to dtype, as JSON.",
        {"type": "object", "additionalProperties": {"type": "string"}},
        media_type=JSON,
    ),
    query_parameter(
        "validate_only",
        "`true`: nothing runs and nothing is stored; the answer says what is wrong, and the columns after every step.",
        {"type": "boolean", "default": False},
    ),
    query_parameter("timeout_s", "How long one attempt may run.", {"type": "number", "exclusiveMinimum": 0}),
    query_parameter("max_attempts", "Attempts.", {"type": "integer", "minimum": 1, "maximum": MAX_ATTEMPTS}),
    query_parameter(
        "delay_s", "Seconds before it is queued.", {"type": "number", "minimum": 0, "maximum": MAX_DELAY_S}
    ),
    query_parameter("result_ttl_s", "Seconds the result is kept.", {"type": "integer", "minimum": 1}),
    query_parameter("on_row_error", "What a bad row does.", {"type": "string", "enum": ["fail", "reject"]}),
    query_parameter(
        "webhook",
        'Who is told of the end, as JSON: `{"url", "events"}`.',
        {"type": "string", "contentMediaType": JSON},
    ),
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
    content: dict[str, Any] = readable_content()
    content[JSON] = {
        "schema": {"$ref": "#/components/schemas/Envelope"},
        "examples": {"groupby": {"summary": "Totals per region", "value": ENVELOPE_EXAMPLE}},
    }
    content["multipart/form-data"] = {
        "schema": {**files, "additionalProperties": {"type": "string", "format": "binary"}}
    }
    content["text/csv"] = {"examples": {"csv": {"summary": "The frame itself", "value": EXAMPLE_CSV}}}
    return {"required": True, "content": content}


def job_answers() -> dict[int, Doc]:
    """The answers to what makes a job."""
    ended = json_answer("JobBody", "The job, ended within the wait.", headers=MADE_HEADERS)
    ended["content"] |= {name: one for name, one in frame_content().items() if name != JSON}
    return {
        200: ended | {"description": "The job, ended within the wait; or its result, where Accept is a frame format."},
        202: json_answer("JobBody", "The job was accepted, and cannot be lost.", headers=MADE_HEADERS),
    }


def _submit_answers() -> dict[int, Doc]:
    answers = job_answers()
    kinds = [{"$ref": f"#/components/schemas/{name}"} for name in ("JobBody", "ValidationBody")]
    answers[200]["content"][JSON] = {"schema": {"anyOf": kinds}}
    answers[200]["description"] += " With `validate_only`: what is wrong with the submission, and its plan."
    return answers


SUBMIT: Final = operation(
    "Submit a job",
    _submit_answers(),
    scope="jobs:write",
    parameters=(*_SUBMIT_QUERY, WAIT, IDEMPOTENCY_KEY),
    body=_submit_body(),
    problems=(400, 406, 410, 413, 415, 424, 503),
    description=(
        "Three bodies, one meaning: the envelope as JSON; multipart/form-data with a part `job` and a file part per "
        "input; or the frame itself with the fields as query parameters, such as "
        f"`?pipeline={json.dumps(EXAMPLE_PIPELINE[:1])}`."
    ),
)
