"""The outermost layer of every request: a trace id, and whatever is raised becomes a problem."""

import asyncio
import logging
import os
import re
from collections.abc import Iterable
from typing import Any

from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect, Request
from starlette.responses import Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from jobs.errors import FramequeueError, InternalError, NotFound
from service.errors import MethodNotAllowed, ServiceStopping
from service.problems import error_response

_log = logging.getLogger(__name__)
_TRACEPARENT = re.compile(rb"(?!ff)[0-9a-f]{2}-(?!0{32})([0-9a-f]{32})-(?!0{16})[0-9a-f]{16}-[0-9a-f]{2}")


def trace_id_of(headers: Iterable[tuple[bytes, bytes]]) -> str:
    """The trace id of a well-formed `traceparent` (W3C Trace Context), else 128 random bits in hex."""
    sent = [value for name, value in headers if name == b"traceparent"]
    match = _TRACEPARENT.fullmatch(sent[0]) if len(sent) == 1 else None
    return match[1].decode("ascii") if match else os.urandom(16).hex()


class Edge:
    """A pure ASGI layer: a trace id into the scope, errors into problems, tracebacks into the log alone."""

    def __init__(self, app: ASGIApp, *, public_url: str, formats: str) -> None:
        self._app = app
        self._public_url = public_url
        self._formats = formats

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        scope["trace_id"] = trace_id_of(scope["headers"])
        started = False

        async def watched(message: Message) -> None:
            nonlocal started
            started = True
            await send(message)

        try:
            await self._app(scope, receive, watched)
        except ClientDisconnect:
            _log.debug("the client left before its body was read, trace_id=%s", scope["trace_id"])
        except asyncio.CancelledError:  # by the server, when its grace is over: whoever waits is told, not cut off
            if started:
                raise
            await self._problem(ServiceStopping(), scope)(scope, receive, send)
        except Exception as error:  # the last line: nothing leaves the service as a traceback
            if started:  # too late for a status: the broken connection tells the caller that the body is not whole
                _log.exception("an answer broke off, trace_id=%s", scope["trace_id"])
                raise
            await self._problem(error, scope)(scope, receive, send)

    def _problem(self, error: Exception, scope: Scope) -> Response:
        if not isinstance(error, FramequeueError):
            _log.error("unexpected error, trace_id=%s", scope["trace_id"], exc_info=error)
            error = InternalError(f"an unexpected error; the log has it under the trace id {scope['trace_id']}")
        response = error_response(
            error,
            instance=scope["path"],
            trace_id=scope["trace_id"],
            public_url=self._public_url,
            formats=self._formats,
        )
        response.headers.update(scope.get("problem_headers", {}))
        return response


async def on_http_exception(request: Request, error: Exception) -> Response:
    """Turn the router's own 404 and 405 into the domain's errors, which the edge answers."""
    if isinstance(error, HTTPException) and error.status_code == 405:
        raise MethodNotAllowed(request.method, _methods(request))
    if isinstance(error, HTTPException) and error.status_code == 404:
        raise NotFound("path", request.url.path[:200])
    raise error


def _methods(request: Request) -> set[str]:
    """All methods of the request's path, over all routes that match it."""
    methods: set[str] = set()
    routes: list[Any] = request.app.routes
    for route in routes:
        pattern = getattr(route, "path_regex", None)
        if pattern is not None and pattern.match(request.scope["path"]):
            methods |= route.methods or set()
    return methods
