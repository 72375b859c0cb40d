"""One request and its answer as they pass the edge: who it is in traces, when it began, and how large both were."""

import time
from collections.abc import Iterable
from typing import Final

from starlette.types import Message, Receive, Scope, Send

from service.access import Answered, plain

METHODS: Final = frozenset({"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"})
UNROUTED: Final = "none"


class Exchange:
    """Stands between server and application; counts what passes."""

    __slots__ = ("_began", "_receive", "_send", "bytes_in", "bytes_out", "scope", "status")

    def __init__(self, scope: Scope, receive: Receive, send: Send) -> None:
        self.scope, self._receive, self._send = scope, receive, send
        self._began = time.perf_counter()
        self.bytes_in = self.bytes_out = self.status = 0

    @property
    def started(self) -> bool:
        """Whether a status was sent."""
        return self.status != 0

    @property
    def method(self) -> str:
        """The method, where it is one that HTTP knows: others are a caller's own words."""
        method: str = self.scope["method"]
        return method if method in METHODS else "other"

    @property
    def route(self) -> str:
        """The template of the path, such as `/v1/jobs/{id}`; `none` where no route has it."""
        route = self.scope.get("route")
        return getattr(route, "path", UNROUTED)

    @property
    def seconds(self) -> float:
        """Since it began."""
        return time.perf_counter() - self._began

    async def receive(self) -> Message:
        """The next piece of the request."""
        message = await self._receive()
        self.bytes_in += len(message.get("body", b""))
        return message

    async def send(self, message: Message) -> None:
        """A piece of the answer; its head gets the headers that every answer to this request has."""
        if message["type"] == "http.response.start":
            self.status = message["status"]
            every: Iterable[tuple[bytes, bytes]] = self.scope.get("answer_headers", ())
            message["headers"] = [*message["headers"], *every]
        else:
            self.bytes_out += len(message.get("body", b""))
        await self._send(message)

    def answered(self, trace_id: str) -> Answered:
        """What the access log says of it."""
        return Answered(
            self.method,
            self.route,
            plain(self.scope["path"]),
            self.status,
            round(self.seconds * 1000, 3),
            self.bytes_in,
            self.bytes_out,
            trace_id,
        )
