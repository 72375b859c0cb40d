"""Frames."""

from typing import Final

from service.operations import (
    EXAMPLE_CSV,
    FRAME_QUERY,
    IDEMPOTENCY_KEY,
    RANGE,
    frame_answer,
    frame_part,
    json_answer,
    operation,
    readable_content,
)
from service.routes.docs.common import FRAME_ID, NOT_MODIFIED

UPLOAD_FRAME: Final = operation(
    "Upload a frame",
    {
        201: json_answer(
            "FrameBody", "The frame is kept, and can be read.", "Frame", headers=("Location", "Idempotent-Replayed")
        )
    },
    scope="frames",
    body={
        "required": True,
        "content": {**readable_content(), "text/csv": {"examples": {"csv": {"value": EXAMPLE_CSV}}}},
    },
    parameters=(IDEMPOTENCY_KEY,),
    problems=(400, 410, 413, 415, 503),
)
GET_FRAME: Final = operation(
    "Show a frame",
    {200: json_answer("FrameBody", "What is known of the frame.", "Frame")},
    scope="frames",
    parameters=(FRAME_ID,),
    problems=(404, 503),
)
DELETE_FRAME: Final = operation(
    "Forget a frame",
    {204: {"description": "The frame is forgotten; jobs that were accepted with it are unharmed."}},
    scope="frames",
    parameters=(FRAME_ID,),
    problems=(404, 503),
)
GET_CONTENT: Final = operation(
    "Get a frame back",
    {200: frame_answer("The frame in the negotiated format.", "Records"), 206: frame_part(), 304: NOT_MODIFIED},
    scope="frames",
    parameters=(FRAME_ID, *FRAME_QUERY, RANGE),
    problems=(400, 404, 406, 410, 412, 416, 503),
)
HEAD_CONTENT: Final = operation(
    "Get the headers of a frame",
    {200: {"description": "The frame is there, in the negotiated format."}, 304: NOT_MODIFIED},
    scope="frames",
    parameters=(FRAME_ID, *FRAME_QUERY),
    problems=(400, 404, 406, 410, 412, 503),
)
