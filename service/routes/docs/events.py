"""What happens to a job."""

from typing import Final

from service.operations import WAIT, Doc, json_answer, operation, query_parameter, shown
from service.routes.docs.common import JOB_ID
from service.routes.docs.example_jobs import EVENT_ID_EXAMPLE

_ID: Final = "^[0-9]{1,15}(-[0-9]{1,15})?$"
_LAST_ID: Final[Doc] = {
    "name": "Last-Event-ID",
    "in": "header",
    "required": False,
    "description": "The id of the last event the caller has: the stream goes on behind it.",
    "schema": {"type": "string", "pattern": f"^$|{_ID}"},
    "example": EVENT_ID_EXAMPLE,
}


_STREAMED: Final[Doc] = {
    "type": "object",
    "description": "One event of the stream; `data` is the event as JSON, as `?after=` gives it.",
    "required": ["data"],
    "properties": {name: {"type": "string"} for name in ("id", "event", "data")},
}


def _events() -> Doc:
    answer = json_answer("EventsBody", "The events; a stream of them, without `?after=`.", "Events")
    answer["content"]["text/event-stream"] = {"schema": _STREAMED, **shown("EventStream")}
    return answer


GET_EVENTS: Final = operation(
    "Follow a job",
    {200: _events(), 204: {"description": "The job has ended, and the caller has its last event: do not reconnect."}},
    scope="jobs:read",
    parameters=(
        JOB_ID,
        query_parameter(
            "after",
            "As JSON: the events behind this id; empty for all.",
            {"type": "string", "pattern": f"^$|{_ID}"},
            EVENT_ID_EXAMPLE,
        ),
        _LAST_ID,
        WAIT,
    ),
    problems=(400, 404, 503),
    description=(
        "Server-Sent Events from the job's first on, or from behind `Last-Event-ID`, without gaps or repeats; the "
        "stream ends after the job's last event. Of events between that are not kept any more (some thousand are), a "
        "`job.snapshot` takes the place. With `?after=`, at most 100 events as JSON: go on with the id of the last, "
        "until the job's end or an empty answer; `Prefer: wait` waits for the next one where there is none."
    ),
)
