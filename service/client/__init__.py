"""The Python client: `Client` and `AsyncClient`, DataFrames in and out, typed errors, retries that never submit twice.

    from service.client import Client

    with Client("http://127.0.0.1:8000") as client:
        totals = client.run(df, [{"op": "groupby", "by": ["region"], "agg": {"total": ["amount", "sum"]}}])

docs/client.md shows the rest. pandas is loaded with the first DataFrame that passes.
"""

from service.client.asynchronous import AsyncClient, AsyncJob
from service.client.bodies import File
from service.client.client import Client, Job
from service.client.errors import (
    AnswerUnreadable,
    AuthError,
    ClientError,
    ColumnUnknown,
    ConnectionFailed,
    ExpressionError,
    FormatError,
    FrameRefused,
    IdempotencyMismatch,
    InputError,
    InternalError,
    JobCanceled,
    JobLive,
    JobNotReady,
    JobStopped,
    JobTimeout,
    NotFound,
    PipelineError,
    ProblemError,
    QuotaExceeded,
    ResultExpired,
    ServiceUnavailable,
    SizeExceeded,
    SpecError,
    TransformError,
    WaitTimeout,
    WebhookRefused,
    WorkerLost,
)
from service.client.sources import Options, Spec
from service.client.values import Event, Frame, Plan

__all__ = [
    "AnswerUnreadable",
    "AsyncClient",
    "AsyncJob",
    "AuthError",
    "Client",
    "ClientError",
    "ColumnUnknown",
    "ConnectionFailed",
    "Event",
    "ExpressionError",
    "File",
    "FormatError",
    "Frame",
    "FrameRefused",
    "IdempotencyMismatch",
    "InputError",
    "InternalError",
    "Job",
    "JobCanceled",
    "JobLive",
    "JobNotReady",
    "JobStopped",
    "JobTimeout",
    "NotFound",
    "Options",
    "PipelineError",
    "Plan",
    "ProblemError",
    "QuotaExceeded",
    "ResultExpired",
    "ServiceUnavailable",
    "SizeExceeded",
    "Spec",
    "SpecError",
    "TransformError",
    "WaitTimeout",
    "WebhookRefused",
    "WorkerLost",
]
