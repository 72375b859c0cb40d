"""Answers of the service as values, or as the errors that they are."""

import gzip
import json
from http import HTTPStatus
from typing import Any, TypeVar

import msgspec

from service.client.effects import Answer
from service.client.errors import AnswerUnreadable, ProblemError, error_of
from service.client.values import Answered, Problem

AGAIN = frozenset((408, 429, 502, 503, 504))
"""Statuses after which the same call may succeed, the way from proxies included."""
_SHOWN = 200

A = TypeVar("A", bound=Answered)


def as_json(answer: Answer) -> dict[str, Any]:
    """The object of an answer; raises AnswerUnreadable."""
    try:
        found = json.loads(_plain(answer))
    except (ValueError, OSError):
        found = None
    if not isinstance(found, dict):
        raise AnswerUnreadable(f"the answer is not like framequeue's (HTTP {answer.status}); is the URL right?")
    return found


def as_job(answer: Answer) -> dict[str, Any]:
    """The job of an answer; raises AnswerUnreadable."""
    found = as_json(answer)
    if not (isinstance(found.get("id"), str) and isinstance(found.get("state"), str)):
        raise AnswerUnreadable(f"the answer is not like framequeue's: no job is in it (HTTP {answer.status})")
    return found


def as_lines(answer: Answer) -> list[Any]:
    """The JSON lines of an answer; raises AnswerUnreadable."""
    try:
        return [json.loads(line) for line in _plain(answer).splitlines() if line.strip()]
    except (ValueError, OSError):
        raise AnswerUnreadable("the answer is not JSON lines, as framequeue's are") from None


def read(kind: type[A], found: Any) -> A:
    """The value of this JSON; raises AnswerUnreadable."""
    try:
        return kind.read(found)
    except msgspec.ValidationError as error:
        raise AnswerUnreadable(
            f"the answer is not like framequeue's ({kind.__name__}: {error}); does the service have another version?"
        ) from None


def refusal(answer: Answer) -> ProblemError:
    """The error of an answer of 4xx or 5xx, an error page of a proxy included."""
    try:
        found = json.loads(_plain(answer))
        problem = Problem.read({"status": answer.status, **found})
    except (ValueError, OSError, TypeError):  # msgspec.ValidationError is a ValueError
        problem = _foreign(answer)
    return error_of(problem, answer.headers)


def _foreign(answer: Answer) -> Problem:
    words = HTTPStatus(answer.status).phrase if answer.status in HTTPStatus._value2member_map_ else "no answer"
    shown = answer.content[:_SHOWN].decode("utf-8", "replace")
    return Problem(
        code="unknown",
        title=f"HTTP {answer.status}",
        detail=f"{words}: {shown}" if shown else words,
        status=answer.status,
        retryable=answer.status in AGAIN,
    )


def _plain(answer: Answer) -> bytes:
    packed = answer.headers.get("content-encoding", "").lower() == "gzip"
    return gzip.decompress(answer.content) if packed else answer.content
