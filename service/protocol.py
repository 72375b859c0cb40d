"""HTTP/1.1 on the wire: uvicorn's C parser, with bounds that it leaves open.

A request's head is held in memory before anything knows whose it is, so its size and its time are bounded here.
"""

import asyncio
import os
from http import HTTPStatus
from typing import Any, Final

import msgspec
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

from service.errors import HeadTooLarge, HttpError, RequestMalformed, RequestTimeout
from service.problems import MEDIA_TYPE, STATUS, problem_body, problem_of

MAX_HEAD_BYTES: Final = 64 * 1024
"""Request line and headers: eight times what common proxies let through, and room for a pipeline in the query."""
HEAD_S: Final = 20.0
"""How long a head may take from its first byte, in seconds."""


class BoundedProtocol(HttpToolsProtocol):
    """Ends a connection whose head is larger than MAX_HEAD_BYTES (431) or slower than HEAD_S (408)."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._in_head = False
        self._head_bytes = 0
        self._head_timer: asyncio.TimerHandle | None = None

    def data_received(self, data: bytes) -> None:
        """Parse what came; what leaves a head unfinished that had begun before counts towards its size."""
        begun_before = self._in_head
        super().data_received(data)
        if begun_before and self._in_head:
            self._head_bytes += len(data)
            if self._head_bytes > MAX_HEAD_BYTES:
                self._give_up(HeadTooLarge(MAX_HEAD_BYTES))

    def on_message_begin(self) -> None:
        """The first byte of a head."""
        self._in_head, self._head_bytes = True, 0
        self._head_timer = self.loop.call_later(
            HEAD_S, self._give_up, RequestTimeout(HEAD_S, "the request's head was not whole after")
        )
        super().on_message_begin()

    def on_headers_complete(self) -> None:
        """The head is whole."""
        self._head_done()
        super().on_headers_complete()

    def connection_lost(self, exc: Exception | None) -> None:
        """Nothing more comes."""
        self._head_done()
        super().connection_lost(exc)

    def _head_done(self) -> None:
        self._in_head = False
        if self._head_timer is not None:
            self._head_timer.cancel()
            self._head_timer = None

    def send_400_response(self, msg: str) -> None:  # noqa: ARG002  # uvicorn's words are plain text
        """Say that this is no HTTP; the connection ends."""
        self._give_up(RequestMalformed())

    def _give_up(self, error: HttpError) -> None:
        if not self.transport.is_closing():
            self.transport.write(_last_words(error))
            self.transport.close()


def _last_words(error: HttpError) -> bytes:
    """The whole answer to a request that no application will see: a problem, like every other."""
    status = STATUS[error.code]
    body = problem_body(problem_of(error), status=status, instance="/", trace_id=os.urandom(16).hex(), public_url="")
    content = msgspec.json.encode(body)
    head = (
        f"HTTP/1.1 {status} {HTTPStatus(status).phrase}\r\nconnection: close\r\n"
        f"content-type: {MEDIA_TYPE}\r\ncontent-length: {len(content)}\r\n\r\n"
    )
    return head.encode("ascii") + content
