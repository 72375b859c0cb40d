"""Probes."""

from typing import Final

from service.negotiation import JSON
from service.operations import json_answer, operation

LIVEZ: Final = operation(
    "Is the process alive",
    {200: {"description": "It is.", "content": {JSON: {"schema": {"type": "object"}, "example": {"alive": True}}}}},
)
READYZ: Final = operation(
    "Can it take jobs",
    {200: json_answer("ReadyBody", "It can."), 503: json_answer("ReadyBody", "It cannot; `problems` say why.")},
)
