"""The gate to DataFrames: pandas is loaded when the first of them passes, and not before."""

import sys
from functools import cache
from importlib import import_module
from types import ModuleType
from typing import Any

from service.client.bodies import Body
from service.client.effects import Answer, Work

ARROW = "application/vnd.apache.arrow.stream"
_HEAVY_BYTES = 64 * 1024


def is_frame(source: object) -> bool:
    """Whether it is a DataFrame: none is where nobody has loaded pandas yet."""
    return "pandas" in sys.modules and bool(_frames().is_frame(source))


def body_of(frame: Any, *, packed: bool) -> Body:
    """A DataFrame as a body; see `service.client.frames`."""
    body: Body = _frames().body_of(frame, packed=packed)
    return body


def decoding(answer: Answer) -> Work:
    """What makes an answer in Arrow the DataFrame that it is."""
    encoding = answer.headers.get("content-encoding", "").lower().replace("identity", "")
    return Work(lambda: _frames().frame_of(answer.content, encoding), heavy=len(answer.content) > _HEAVY_BYTES)


@cache
def _frames() -> ModuleType:
    # by name and late: pandas takes longer to load than most commands of the command line take in all
    return import_module("service.client.frames")
