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
    shown,
)
from service.routes.docs.common import MADE_HEADERS

ENVELOPE_EXAMPLE: Final = {"pipeline": EXAMPLE_PIPELINE, "inputs": {"orders": {"records": EXAMPLE_RECORDS}}}
# the fields of the envelope where the body is the frame itself
_SUBMIT_QUERY: Final = (
    query_parameter(
        "pipeline",
        "The steps as JSON; its presence makes the body the frame, an input named `df`.",
        {"type": "array", "items": {"type": "object"}},
        EXAMPLE_PIPELINE,
        media_type=JSON,
    ),
    query_parameter(
        "dtypes",
        "Column to dtype, as JSON.",
        {"type": "object", "additionalProperties": {"type": "string"}},
        {"amount": "float64"},
        media_type=JSON,
    ),
    query_parameter(
        "validate_only",
        "`true`: nothing runs and nothing is stored; the answer says what is wrong, and the columns after every step.",
        {"type": "boolean", "default": False},
        example=True,
    ),
    query_parameter("timeout_s", "How long one attempt may run.", {"type": "number", "exclusiveMinimum": 0}, 60),
    query_parameter("max_attempts", "Attempts.", {"type": "integer", "minimum": 1, "maximum": MAX_ATTEMPTS}, 2),
    query_parameter(
        "delay_s", "Seconds before it is queued.", {"type": "number", "minimum": 0, "maximum": MAX_DELAY_S}, 0.5
    ),
    query_parameter("result_ttl_s", "Seconds the result is kept.", {"type": "integer", "minimum": 1}, 3600),
    query_parameter("on_row_error", "What a bad row does.", {"type": "string", "enum": ["fail", "reject"]}, "reject"),
    query_parameter(
        "webhook",
        'Who is told of the end, as JSON: `{"url", "events"}`.',
        {"$ref": "#/components/schemas/WebhookBody"},
        {"url": "https://example.com/hook", "events": ["job.failed"]},
        media_type=JSON,
    ),
    query_parameter("max_rejects", "Bad rows at most.", {"type": "integer", "minimum": 0, "maximum": MAX_REJECTS}, 100),
    {
        "name": "label",
        "in": "query",
        "required": False,
        "description": "`label.K=V`: a label.",
        "style": "form",
        "explode": True,
        "schema": {"type": "object", "additionalProperties": {"type": "string"}},
        "example": {"label.team": "pricing"},
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
        "schema": {**files, "additionalProperties": {"type": "string", "format": "binary"}},
        "examples": {
            "parts": {"summary": "A file part", "value": {"job": {"pipeline": EXAMPLE_PIPELINE}, "orders": EXAMPLE_CSV}}
        },
    }
    content["text/csv"] = {"examples": {"csv": {"summary": "The frame itself", "value": EXAMPLE_CSV}}}
    return {"required": True, "content": content}


def job_answers(queued: str, ended: str) -> dict[int, Doc]:
    """The answers to what makes a job; the names of examples of it at first and at its end."""
    done = json_answer("JobBody", "The job, ended within the wait.", ended, headers=MADE_HEADERS)
    done["content"] |= {name: one for name, one in frame_content().items() if name != JSON}
    return {
        200: done | {"description": "The job, ended within the wait; or its result, where Accept is a frame format."},
        202: json_answer("JobBody", "The job was accepted, and cannot be lost.", queued, headers=MADE_HEADERS),
    }


def _submit_answers() -> dict[int, Doc]:
    answers = job_answers("JobQueued", "JobEnded")
    kinds = [{"$ref": f"#/components/schemas/{name}"} for name in ("JobBody", "ValidationBody")]
    answers[200]["content"][JSON] = {"schema": {"anyOf": kinds}, **shown("JobEnded", "Validation")}
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
