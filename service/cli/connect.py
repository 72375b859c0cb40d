"""The client, for commands: what it raises ends a command with the right line and exit code."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import msgspec

from config.sections import ClientSettings
from service.cli import render
from service.client import Client, ConnectionFailed, ProblemError
from service.client.errors import AnswerUnreadable, ClientError, FrameRefused
from service.ended import Ended

UNAVAILABLE = 503
_RETRIES = 2  # someone waits at the terminal: a service that is not there shall be said at once


@contextmanager
def connected(to: ClientSettings) -> Iterator[Client]:
    """A client; raises Ended: 1 refused, 2 it cannot be sent, 3 nobody answers or cannot take it at the moment."""
    try:
        with Client.from_settings(to, retries=_RETRIES) as client:
            yield client
    except (ConnectionFailed, AnswerUnreadable) as error:
        hint = "`framequeue up` starts one; --server or FRAMEQUEUE_CLIENT__URL names another"
        raise Ended(f"{error}; {hint}", 3) from None
    except FrameRefused as error:
        raise Ended(str(error), 2) from None
    except ProblemError as error:
        show_refusal(error)
        raise Ended("", exit_code(error)) from None


def show_refusal(error: ProblemError) -> None:
    """Print the problem on stderr."""
    render.errors_console().print(render.refusal(error.status, as_json(error.problem)))


def exit_code(error: ClientError) -> int:
    """3 where trying later may help, else 1."""
    away = not isinstance(error, ProblemError) or error.status == UNAVAILABLE
    return 3 if away else 1


def as_json(value: Any) -> Any:
    """A value of the client as JSON has it."""
    return msgspec.to_builtins(value)
