"""What several operations share."""

from typing import Final

from service.operations import Doc, path_parameter

JOB_ID: Final = path_parameter("id", "The job's id.", "^job_")
FRAME_ID: Final = path_parameter("id", "The frame's id.", "^frm_")
JOB_HEADERS: Final = ("ETag", "Location", "Retry-After", "Preference-Applied")
MADE_HEADERS: Final = (*JOB_HEADERS, "Idempotent-Replayed")
NOT_MODIFIED: Final[Doc] = {"description": "The caller has this version: If-None-Match names it."}
