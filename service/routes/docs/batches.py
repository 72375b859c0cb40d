"""Batches and reruns."""

from typing import Final

from service.negotiation import JSON
from service.operations import IDEMPOTENCY_KEY, WAIT, json_answer, operation
from service.routes.docs.common import JOB_ID
from service.routes.docs.submit import ENVELOPE_EXAMPLE, job_answers

_MADE: Final = ("Location", "Idempotent-Replayed")

SUBMIT_BATCH: Final = operation(
    "Submit many jobs",
    {
        200: json_answer("BatchBody", "They were accepted before, and all have ended.", "BatchEnded", headers=_MADE),
        202: json_answer("BatchBody", "All jobs were accepted, and cannot be lost.", "Batch", headers=_MADE),
    },
    scope="jobs:write",
    parameters=(IDEMPOTENCY_KEY,),
    body={
        "required": True,
        "content": {
            JSON: {
                "schema": {"$ref": "#/components/schemas/Batch"},
                "examples": {"two": {"summary": "Two jobs", "value": {"jobs": [ENVELOPE_EXAMPLE] * 2}}},
            }
        },
    },
    problems=(400, 406, 410, 413, 415, 503),
    description="Up to 100 jobs, all or nothing. They share a `group`, by which the list of jobs finds them.",
)
RERUN_JOB: Final = operation(
    "Run a job once more",
    job_answers("JobRerun", "JobRerunEnded"),
    scope="jobs:write",
    parameters=(JOB_ID, WAIT, IDEMPOTENCY_KEY),
    problems=(400, 404, 406, 409, 410, 413, 424, 503),
    description="A new job on the same inputs, without the delay; 410 where an input has expired or was deleted since.",
)
