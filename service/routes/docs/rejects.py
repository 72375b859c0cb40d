"""Rejects."""

from typing import Final

from service.operations import FRAME_QUERY, RANGE, frame_answer, frame_part, operation
from service.routes.docs.common import JOB_ID, NOT_MODIFIED

_PROBLEMS: Final = (400, 404, 406, 409, 410, 412, 424, 503)
_WHAT: Final = (
    "With `on_row_error: reject`, a row that cannot be read or cast is set aside instead of failing its job. Columns: "
    "`input`, `row` (from 1, without the header), `column`, `code`, `detail`, `raw`."
)
_QUERY: Final = tuple(one | {"example": "row,detail"} if one["name"] == "columns" else one for one in FRAME_QUERY)
GET_REJECTS: Final = operation(
    "Get the rows that a job has set aside",
    {
        200: frame_answer("The rejects in the negotiated format; none are an empty frame.", "Rejects"),
        206: frame_part(),
        304: NOT_MODIFIED,
    },
    scope="jobs:read",
    parameters=(JOB_ID, *_QUERY, RANGE),
    problems=(*_PROBLEMS, 416),
    description=_WHAT,
)
HEAD_REJECTS: Final = operation(
    "Get the headers of a job's rejects",
    {200: {"description": "There is a frame of rejects in the negotiated format."}, 304: NOT_MODIFIED},
    scope="jobs:read",
    parameters=(JOB_ID, *_QUERY),
    problems=_PROBLEMS,
)
