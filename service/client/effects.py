"""What the client's logic asks of the world, as values: flows yield these, and a driver, sync or async, does them.

A flow is a generator: so one text of each call serves both clients, and tests need no network.
"""

import time
from collections.abc import Callable, Generator, Mapping
from dataclasses import dataclass, field
from random import random
from typing import Any, TypeVar

import httpx

from service.client.bodies import Body

Params = tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True)
class Call:
    """One HTTP request; `wait_s` is how long the service was asked to wait before it answers."""

    method: str
    path: str
    params: Params = ()
    headers: Mapping[str, str] = field(default_factory=dict)
    body: Body | None = None
    wait_s: float = 0.0


@dataclass(frozen=True, slots=True)
class Answer:
    """One HTTP response, read whole; `content` is without its Content-Encoding."""

    status: int
    headers: httpx.Headers
    content: bytes


@dataclass(frozen=True, slots=True)
class Pause:
    """Do nothing for so long."""

    seconds: float


@dataclass(frozen=True, slots=True)
class Work:
    """Compute something; `heavy` work leaves the event loop alone."""

    do: Callable[[], Any]
    heavy: bool = False


@dataclass(frozen=True, slots=True)
class Open:
    """Begin a response and leave it open; gives a Stream, or the Answer where its status is not 200."""

    call: Call


@dataclass(frozen=True, slots=True)
class Stream:
    """An open response, and the iterator of what comes out of it: server-sent events (`sse`), or bytes."""

    response: httpx.Response
    items: Any
    sse: bool


@dataclass(frozen=True, slots=True)
class Next:
    """The next item of an open stream, None where it has ended."""

    stream: Stream


@dataclass(frozen=True, slots=True)
class Close:
    """End a stream."""

    stream: Stream


@dataclass(frozen=True, slots=True)
class Emit:
    """Give one thing to whoever iterates."""

    value: Any


Effect = Call | Pause | Work | Open | Next | Close | Emit
T = TypeVar("T")
Flow = Generator[Effect, Any, T]


@dataclass(frozen=True, slots=True)
class Rules:
    """How calls are made: to whom, how often again, and for how long; time and chance are injected for tests.

    `job` makes the client's own Job of one in JSON. `near` says that the service is on this machine, where compressing
    costs more than it saves.
    """

    url: str
    retries: int = 3
    timeout_s: float = 30.0
    job: Callable[[Any], Any] = dict
    near: bool = False
    clock: Callable[[], float] = time.monotonic
    chance: Callable[[], float] = random
