"""Rows that several examples share."""

from typing import Any, Final

FLIGHTS: Final[list[dict[str, Any]]] = [
    {"carrier": "UA", "delay": 4},
    {"carrier": "AA", "delay": None},
    {"carrier": "B6", "delay": 31},
    {"carrier": "UA", "delay": 4},
]
