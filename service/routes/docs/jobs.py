"""A job, its reports and its logs."""

from typing import Final

from service.negotiation import NDJSON
from service.operations import WAIT, json_answer, operation, shown
from service.routes.docs.common import JOB_HEADERS, JOB_ID, NOT_MODIFIED

GET_JOB: Final = operation(
    "Show a job",
    {200: json_answer("JobBody", "The job as it stands.", "JobEnded", headers=JOB_HEADERS), 304: NOT_MODIFIED},
    scope="jobs:read",
    parameters=(JOB_ID, WAIT),
    problems=(404, 503),
    description=(
        "With `Prefer: wait`, the answer comes once the job has ended; with `If-None-Match` beside it, once the job "
        "has another version than that one, or as 304 when the wait is over."
    ),
)
CANCEL_JOB: Final = operation(
    "Cancel a job",
    {
        200: json_answer("JobBody", "The job has ended: by this, or before it.", "JobCanceled", headers=JOB_HEADERS),
        202: json_answer("JobBody", "The job runs, and its worker was told.", "JobCanceling", headers=JOB_HEADERS),
    },
    scope="jobs:write",
    parameters=(JOB_ID,),
    problems=(404, 503),
    description="Repeatable. The first end wins: a job that ends by itself meanwhile keeps its result.",
)
GET_LOGS: Final = operation(
    "Show what a job's transforms said",
    {
        200: {
            "description": "One JSON object a line: `at`, `attempt`, `step`, `level`, `message`, `source`.",
            "content": {NDJSON: {"schema": {"type": "string"}, **shown("Logs")}},
        }
    },
    scope="jobs:read",
    parameters=(JOB_ID,),
    problems=(404, 503),
    description="What they logged, printed and warned, of every attempt: 1,000 lines and 256 KiB a job.",
)
GET_REPORT: Final = operation(
    "Show a job's failed attempts",
    {200: json_answer("ReportBody", "Every attempt that failed; tracebacks with the scope `debug`.", "Report")},
    scope="jobs:read",
    parameters=(JOB_ID,),
    problems=(404, 503),
)
