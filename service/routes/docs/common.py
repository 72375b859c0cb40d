"""What several operations share."""

from typing import Final

from service.operations import Doc, path_parameter
from service.routes.docs.example_jobs import FRAME_ID_EXAMPLE, JOB_ID_EXAMPLE

JOB_ID: Final = path_parameter("id", "The job's id.", JOB_ID_EXAMPLE, "^job_")
FRAME_ID: Final = path_parameter("id", "The frame's id.", FRAME_ID_EXAMPLE, "^frm_")
JOB_HEADERS: Final = ("ETag", "Location", "Retry-After", "Preference-Applied")
MADE_HEADERS: Final = (*JOB_HEADERS, "Idempotent-Replayed")
NOT_MODIFIED: Final[Doc] = {"description": "The caller has this version: If-None-Match names it."}
