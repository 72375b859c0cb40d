"""Results."""

from typing import Final

from service.operations import FRAME_QUERY, RANGE, frame_answer, frame_part, operation
from service.routes.docs.common import JOB_ID, NOT_MODIFIED

_RESULT_PROBLEMS: Final = (400, 404, 406, 409, 410, 412, 424, 503)
GET_RESULT: Final = operation(
    "Get a job's result",
    {200: frame_answer("The result in the negotiated format.", "Result"), 206: frame_part(), 304: NOT_MODIFIED},
    scope="jobs:read",
    parameters=(JOB_ID, *FRAME_QUERY, RANGE),
    problems=(*_RESULT_PROBLEMS, 416),
)
HEAD_RESULT: Final = operation(
    "Get the headers of a job's result",
    {200: {"description": "There is a result in the negotiated format."}, 304: NOT_MODIFIED},
    scope="jobs:read",
    parameters=(JOB_ID, *FRAME_QUERY),
    problems=_RESULT_PROBLEMS,
)
