"""Ids in paths: what cannot be one is unknown, without asking the store."""

import re
from typing import Final

from starlette.requests import Request

from jobs.errors import NotFound
from service.errors import MethodNotAllowed

BATCH: Final = "/v1/jobs/batch"
"""Where batches are posted: the one path of jobs that is spelled out where others have an id."""

_JOB: Final = re.compile(r"job_[A-Za-z0-9_-]{1,64}")
_FRAME: Final = re.compile(r"frm_[A-Za-z0-9_-]{1,64}")


def job_id_of(request: Request) -> str:
    """The job id of the path; raises NotFound where it cannot be one, and MethodNotAllowed where batches go."""
    if request.scope["path"] == BATCH:
        raise MethodNotAllowed(request.method, {"POST"})
    return _id(request, _JOB, "job")


def frame_id_of(request: Request) -> str:
    """The frame id of the path; raises NotFound where it cannot be one."""
    return _id(request, _FRAME, "frame")


def _id(request: Request, pattern: "re.Pattern[str]", kind: str) -> str:
    sent: str = request.path_params["id"]
    if not pattern.fullmatch(sent):
        raise NotFound(kind, sent[:80])
    return sent
