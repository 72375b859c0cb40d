"""One job of the OpenAPI document's examples, as it shows at each stage of its life."""

from typing import Final

from service.operations import EXAMPLE_PIPELINE, Doc

JOB_ID_EXAMPLE: Final = "job_4mY0c2VnU8sPq7TzL1xKdRwb"
FRAME_ID_EXAMPLE: Final = "frm_Z9hQe5tB3uYc7NfA1vXkWmJs"
GROUP_EXAMPLE: Final = "grp_d2Kp8RzW6yLq0TnHs4VbXcMf"
CURSOR_EXAMPLE: Final = "WzE3OTUzNjA4NDU3OTRd"
EVENT_IDS: Final = ("1795360845794-0", "1795360845798-0", "1795360845816-0")
EVENT_ID_EXAMPLE: Final = EVENT_IDS[1]
RESULT_EXAMPLE: Final = [{"region": "N", "total": 320.0}]
_TRACE: Final = "4bf92f3577b34da6a3ce929d0e0e4736"
_PATH: Final = f"/v1/jobs/{JOB_ID_EXAMPLE}"
MOMENTS: Final = ("2026-11-22T15:20:45.794Z", "2026-11-22T15:20:45.798Z", "2026-11-22T15:20:45.816Z")
EXPIRES: Final = "2026-11-23T15:20:45.816Z"


def column(name: str, dtype: str, *, nullable: bool = False) -> Doc:
    """A column of a schema."""
    return {"name": name, "dtype": dtype, "nullable": nullable}


QUEUED: Final[Doc] = {
    "id": JOB_ID_EXAMPLE,
    "state": "queued",
    "version": 1,
    "attempt": 0,
    "rerun_of": None,
    "group": None,
    "pipeline": EXAMPLE_PIPELINE,
    "inputs": {"orders": {"rows": None, "column_count": None, "bytes": 90}},
    "progress": {"step": 0, "steps": 2, "fraction": 0.0},
    "result": None,
    "error": None,
    "warnings": [],
    "labels": {},
    "timing": {"queued_ms": 0.0, "decode_ms": 0.0, "steps_ms": [], "encode_ms": 0.0},
    "created_at": MOMENTS[0],
    "started_at": None,
    "finished_at": None,
    "cancel_requested_at": None,
    "trace_id": _TRACE,
    "links": {"self": _PATH, **{name: f"{_PATH}/{name}" for name in ("result", "report", "events", "logs")}},
}
ENDED: Final[Doc] = {
    **QUEUED,
    "state": "succeeded",
    "version": 3,
    "attempt": 1,
    "inputs": {"orders": {"rows": 3, "column_count": 2, "bytes": 90}},
    "progress": {"step": 2, "steps": 2, "fraction": 1.0},
    "result": {
        "rows": 1,
        "columns": [column("region", "str"), column("total", "float64")],
        "bytes": 416,
        "preview": {"records": RESULT_EXAMPLE, "complete": True},
        "rejects": 0,
        "expires_at": EXPIRES,
        "available": True,
    },
    "timing": {"queued_ms": 4.0, "decode_ms": 0.4, "steps_ms": [0.3, 1.8], "encode_ms": 0.7},
    "started_at": MOMENTS[1],
    "finished_at": MOMENTS[2],
}
CANCELED_PROBLEM: Final[Doc] = {
    "type": "/errors#job.canceled",
    "title": "Job canceled",
    "status": 424,
    "code": "job.canceled",
    "detail": "the job was canceled on request",
    "instance": _PATH,
    "retryable": False,
    "trace_id": _TRACE,
}
CANCELED: Final[Doc] = {
    **QUEUED,
    "state": "canceled",
    "version": 2,
    "error": CANCELED_PROBLEM,
    "finished_at": MOMENTS[2],
    "cancel_requested_at": MOMENTS[2],
}
CANCELING: Final[Doc] = {
    **QUEUED,
    "state": "running",
    "version": 3,
    "attempt": 1,
    "started_at": MOMENTS[1],
    "cancel_requested_at": MOMENTS[2],
}
RERUN_OF: Final = {"rerun_of": "job_b7Wd3GkQv0ZtNxR9fLmUy2Hs"}
