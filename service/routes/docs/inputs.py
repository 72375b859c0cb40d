"""Inputs."""

from typing import Final

from service.negotiation import JSON
from service.operations import Doc, operation, path_parameter, readable_content, shown
from service.routes.docs.common import JOB_ID

_HEADERS: Final[Doc] = {
    "Content-Encoding": {"schema": {"type": "string", "enum": ["gzip", "zstd"]}},
    "Content-Disposition": {"schema": {"type": "string"}, "required": True},
    "Framequeue-Dtypes": {"schema": {"type": "string"}, "required": True},
    "Framequeue-On-Row-Error": {"schema": {"type": "string", "enum": ["fail", "reject"]}, "required": True},
    "Framequeue-Max-Rejects": {"schema": {"type": "string"}, "required": True},
}
GET_INPUT: Final = operation(
    "Get an input of a job, as it was sent",
    {
        200: {
            "description": "The stored bytes, in the format and the Content-Encoding they came in.",
            "content": readable_content() | {JSON: shown("Input")},
            "headers": _HEADERS,
        }
    },
    scope="jobs:read",
    parameters=(JOB_ID, path_parameter("name", "The input's name.", "orders")),
    problems=(404, 410, 503),
    description="The bytes are those that the job reads: nothing is negotiated. The headers say how it reads them: "
    "`Framequeue-Dtypes` is a JSON object of the dtypes asked for. Inputs are kept as long as the job's result.",
)
