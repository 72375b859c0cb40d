"""The examples of the OpenAPI document by name; tests compare them with what the application answers."""

import json
from collections.abc import Mapping
from typing import Any, Final

from service.operations import EXAMPLE_RECORDS, Doc
from service.routes.docs.example_jobs import (
    CANCELED,
    CANCELED_PROBLEM,
    CANCELING,
    CURSOR_EXAMPLE,
    ENDED,
    EVENT_IDS,
    EXPIRES,
    FRAME_ID_EXAMPLE,
    GROUP_EXAMPLE,
    JOB_ID_EXAMPLE,
    MOMENTS,
    QUEUED,
    RERUN_OF,
    RESULT_EXAMPLE,
    column,
)

REJECTS_EXAMPLE: Final = [
    {
        "input": "df",
        "row": 2,
        "column": "amount",
        "code": "input.cast_failed",
        "detail": "'x' is no float64",
        "raw": "S,x",
    }
]


def _event(number: int, kind: str, state: str, step: int) -> Doc:
    progress = {"step": step, "steps": 2, "fraction": step / 2}
    facts = {"job_id": JOB_ID_EXAMPLE, "state": state, "version": number + 1, "attempt": min(number, 1)}
    return {
        "id": EVENT_IDS[number],
        "type": f"job.{kind}",
        "timestamp": MOMENTS[number],
        "data": {**facts, "progress": progress},
    }


BATCH: Final[Doc] = {"group": GROUP_EXAMPLE, "jobs": [{**QUEUED, "group": GROUP_EXAMPLE}]}
BATCH_ENDED: Final[Doc] = {"group": GROUP_EXAMPLE, "jobs": [{**ENDED, "group": GROUP_EXAMPLE}]}
JOBS: Final[Doc] = {"jobs": [ENDED], "next_cursor": CURSOR_EXAMPLE}
EVENTS: Final[Doc] = {
    "events": [
        _event(0, "queued", "queued", 0),
        _event(1, "started", "running", 0),
        _event(2, "succeeded", "succeeded", 2),
    ]
}
EVENT_STREAM: Final[Doc] = {
    "event": "job.queued",
    "id": EVENT_IDS[0],
    "data": json.dumps(_event(0, "queued", "queued", 0)),
}
LOGS: Final = f'{{"at":"{MOMENTS[1]}","attempt":1,"step":1,"level":"info","message":"3 rows","source":"print"}}\n'
FRAME: Final[Doc] = {
    "id": FRAME_ID_EXAMPLE,
    "rows": len(EXAMPLE_RECORDS),
    "columns": [column("region", "str"), column("amount", "float64")],
    "bytes": 37,
    "expires_at": EXPIRES,
}
PLAN: Final[Doc] = {
    "valid": True,
    "problems": [],
    "plan": {
        "steps": [
            {"op": "query", "columns": [column("region", "str"), column("amount", "float64")], "rows_estimate": 3},
            {
                "op": "groupby",
                "columns": [column("region", "str", nullable=True), column("total", "float64", nullable=True)],
                "rows_estimate": 3,
            },
        ],
        "memory_estimate_bytes": 180,
    },
}
_UNKNOWN: Final = "no column 'regoin'; did you mean 'region'?"
_STEP: Final = f"step 2 (groupby): {_UNKNOWN}"
_PLACE: Final[Doc] = {"pointer": "/pipeline/1/by/0", "code": "transform.column_unknown", "detail": _UNKNOWN}
_FAILED: Final[Doc] = {
    **CANCELED_PROBLEM,
    "type": "/errors#transform.column_unknown",
    "title": "Unknown column",
    "code": "transform.column_unknown",
    "detail": _STEP,
    "errors": [{**_PLACE, "input": None, "row": None}],
}
REPORT: Final[Doc] = {
    "job_id": JOB_ID_EXAMPLE,
    "attempts": [
        {
            "attempt": 1,
            "outcome": "failed",
            "error": _FAILED,
            "step": 2,
            "op": "groupby",
            "column": "regoin",
            "dtype": None,
            "exception": f"ColumnUnknown: {_STEP}",
            "samples": [{"region": "N", "amount": 120.5}],
            "shape": [3, 2],
            "peak_memory_bytes": 85,
            "worker": "host-4711-b4829327",
            "traceback": None,
        }
    ],
}
_TRY: Final[Doc] = {
    "id": f"{JOB_ID_EXAMPLE}:succeeded",
    "event": "job.succeeded",
    "url": "https://example.com/hook",
}
DELIVERIES: Final[Doc] = {
    "deliveries": [
        {
            **_TRY,
            "attempt": 1,
            "status": 503,
            "error": "HTTP 503",
            "at": MOMENTS[2],
            "next_at": "2026-11-22T15:20:50.816Z",
        },
        {**_TRY, "attempt": 2, "status": 200, "error": None, "at": "2026-11-22T15:20:50.816Z", "next_at": None},
    ]
}
_ROWS: Final = [{"carrier": "UA", "delay": 4}, {"carrier": "AA", "delay": None}, {"carrier": "B6", "delay": 31}]
_COUNT: Final = {
    "default": 5,
    "description": "How many; a negative number means all but the last `-n`.",
    "type": "integer",
}
TRANSFORM: Final[Doc] = {
    "op": "head",
    "family": "rows",
    "summary": "The first rows.",
    "parameters": {"additionalProperties": False, "properties": {"n": _COUNT}, "type": "object"},
    "example": {
        "inputs": {"df": [*_ROWS, _ROWS[0]]},
        "pipeline": [{"op": "head", "n": 1}],
        "result": _ROWS[:1],
    },
}
READY: Final[Doc] = {
    "ready": True,
    "problems": [],
    "warnings": [],
    "workers": 1,
    "queued": 0,
    "running": 0,
    "waiting": 0,
    "oldest_queued_s": 0.0,
    "redis_away_since": None,
}
NOT_READY: Final[Doc] = {
    **READY,
    "ready": False,
    "problems": ["Redis: connection refused (since 2026-11-22T15:20:45Z)"],
    "workers": 0,
    "redis_away_since": "2026-11-22T15:20:45Z",
}
METRICS_TEXT: Final = "# TYPE framequeue_redis_up gauge\nframequeue_redis_up 1.0\n"
EXAMPLES: Final[Mapping[str, Any]] = {
    "Batch": BATCH,
    "BatchEnded": BATCH_ENDED,
    "Deliveries": DELIVERIES,
    "EventStream": EVENT_STREAM,
    "Events": EVENTS,
    "Frame": FRAME,
    "Input": EXAMPLE_RECORDS,
    "JobCanceled": CANCELED,
    "JobCanceling": CANCELING,
    "JobEnded": ENDED,
    "JobQueued": QUEUED,
    "JobRerun": {**QUEUED, **RERUN_OF},
    "JobRerunEnded": {**ENDED, **RERUN_OF},
    "Jobs": JOBS,
    "Live": {"alive": True},
    "Logs": LOGS,
    "Metrics": METRICS_TEXT,
    "NotReady": NOT_READY,
    "Ready": READY,
    "Records": EXAMPLE_RECORDS,
    "Rejects": REJECTS_EXAMPLE,
    "Report": REPORT,
    "Result": RESULT_EXAMPLE,
    "Transform": TRANSFORM,
    "Transforms": {"transforms": [TRANSFORM]},
    "Validation": PLAN,
}
"""The components of the document that media types refer to."""
