"""The values of the domain: frozen, comparable, and stored as msgpack (never pickle).

Durations carry their unit in the name; `*_ms` timestamps are Unix milliseconds of Redis' clock.
"""

from jobs.model.ending import (
    AttemptReport,
    EncodedJson,
    Given,
    InputInfo,
    LogRecord,
    Outcome,
    Progress,
    ResultInfo,
    Timing,
)
from jobs.model.job import Job
from jobs.model.submission import STORED_MEDIA_TYPE, Frame, Input, JobSpec, OnRowError, PayloadRef, Webhook
from jobs.model.value import Column, Place, Problem, Value, Warn

__all__ = [
    "STORED_MEDIA_TYPE",
    "AttemptReport",
    "Column",
    "EncodedJson",
    "Frame",
    "Given",
    "Input",
    "InputInfo",
    "Job",
    "JobSpec",
    "LogRecord",
    "OnRowError",
    "Outcome",
    "PayloadRef",
    "Place",
    "Problem",
    "Progress",
    "ResultInfo",
    "Timing",
    "Value",
    "Warn",
    "Webhook",
]
