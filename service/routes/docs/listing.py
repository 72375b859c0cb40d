"""Finding jobs, and deleting them."""

from typing import Final

from jobs.state import JobState
from service.list_query import DEFAULT_LIMIT, MAX_LIMIT
from service.operations import Doc, json_answer, operation, query_parameter
from service.routes.docs.common import JOB_ID
from service.routes.docs.example_jobs import CURSOR_EXAMPLE, GROUP_EXAMPLE

_LABEL: Final[Doc] = {
    "name": "label",
    "in": "query",
    "required": False,
    "description": "`label.K=V`: the job has this label; several, as many as a job may have, must all fit.",
    "style": "form",
    "explode": True,
    "schema": {"type": "object", "additionalProperties": {"type": "string"}},
    "example": {"label.team": "pricing"},
}
LIST_JOBS: Final = operation(
    "List jobs",
    {200: json_answer("JobsBody", "A page of jobs, newest first.", "Jobs", headers=("Link",))},
    scope="jobs:read",
    parameters=(
        query_parameter(
            "state",
            "Only jobs in this state.",
            {"type": "string", "enum": [state.value for state in JobState]},
            "succeeded",
        ),
        _LABEL,
        query_parameter("group", "Only jobs that were submitted in this batch.", {"type": "string"}, GROUP_EXAMPLE),
        query_parameter(
            "created_after",
            "Only jobs created later than this (RFC 3339, to the millisecond).",
            {"type": "string", "format": "date-time"},
            "2026-01-31T12:00:00Z",
        ),
        query_parameter(
            "limit",
            "The most jobs of a page.",
            {"type": "integer", "minimum": 1, "maximum": MAX_LIMIT, "default": DEFAULT_LIMIT},
            20,
        ),
        query_parameter(
            "cursor", "`next_cursor` of the page before, with the same filters.", {"type": "string"}, CURSOR_EXAMPLE
        ),
    ),
    problems=(400, 503),
    description=(
        "Every job that is there during the whole walk comes once, whatever is submitted, ends or expires meanwhile. A "
        "page ends early after 20,000 jobs of which few fit, or where its jobs are large: `next_cursor`, not the "
        "number of jobs, says whether there are more. `Link: rel=next` leads there."
    ),
)
DELETE_JOB: Final = operation(
    "Delete a job",
    {204: {"description": "The job and all its data are gone; its id is unknown from now on."}},
    scope="jobs:write",
    parameters=(JOB_ID,),
    problems=(404, 409, 503),
    description=(
        "Only a job that has ended. Its inputs and result go with it, but for those that a frame or another job holds; "
        "its Idempotency-Key is free again."
    ),
)
