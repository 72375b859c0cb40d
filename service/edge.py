"""The outermost layer of every request: its trace, line and counts, and whatever is raised becomes a problem."""

import asyncio
import logging
import os
from collections.abc import Iterable
from dataclasses import dataclass, field

from opentelemetry.trace import Span, Status, StatusCode
from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect, Request
from starlette.responses import Response
from starlette.routing import Route
from starlette.types import ASGIApp, Receive, Scope, Send

from jobs.errors import FramequeueError, InternalError, NotFound
from jobs.tracing import TRACEPARENT, Tracing, enter, traceparent_span
from service.access import AccessLog
from service.errors import MethodNotAllowed, ServiceStopping
from service.exchange import Exchange
from service.metrics import HttpMeter
from service.problems import error_response

_log = logging.getLogger(__name__)


def traceparent_of(headers: Iterable[tuple[bytes, bytes]]) -> str:
    """The `traceparent` (W3C Trace Context) where there is one, once and well-formed; else empty."""
    sent = [value for name, value in headers if name == b"traceparent"]
    text = sent[0].decode("latin-1") if len(sent) == 1 else ""
    return text if TRACEPARENT.fullmatch(text) else ""


def trace_id_of(headers: Iterable[tuple[bytes, bytes]]) -> str:
    """The trace id of a well-formed `traceparent`, else 128 random bits in hex."""
    return traceparent_of(headers)[3:35] or os.urandom(16).hex()


@dataclass(frozen=True, slots=True)
class Watching:
    """What looks on while requests are answered: counts always, the access log and traces where they are wanted."""

    meter: HttpMeter = field(default_factory=HttpMeter)
    access: AccessLog | None = None
    tracing: Tracing | None = None


class Edge:
    """A pure ASGI layer: a trace id into the scope, errors into problems, tracebacks into the log alone."""

    def __init__(self, app: ASGIApp, *, public_url: str, formats: str, watching: Watching) -> None:
        self._app = app
        self._public_url = public_url
        self._formats = formats
        self._watching = watching

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        exchange, watching = Exchange(scope, receive, send), self._watching
        span = self._enter(scope)
        watching.meter.open += 1
        try:
            await self._answer(exchange)
        finally:
            watching.meter.open -= 1
            watching.meter.answered(exchange)
            if watching.access is not None:
                watching.access(exchange.answered(scope["trace_id"]))
            if span is not None:
                _end(span, exchange)

    def _enter(self, scope: Scope) -> Span | None:
        """Find the request's place among the traces: that of its caller, or one of its own."""
        given, tracing = traceparent_of(scope["headers"]), self._watching.tracing
        if tracing is None:
            scope["trace_id"] = given[3:35] or os.urandom(16).hex()
            enter(given)
            return None
        span = tracing.request(scope["method"], given)
        own = traceparent_span(span)
        scope["trace_id"] = own[3:35]
        enter(own)
        return span

    async def _answer(self, exchange: Exchange) -> None:
        scope = exchange.scope
        try:
            await self._app(scope, exchange.receive, exchange.send)
        except ClientDisconnect:
            _log.debug("the client left before its body was read, trace_id=%s", scope["trace_id"])
        except asyncio.CancelledError:  # by the server, when its grace is over: whoever waits is told, not cut off
            if exchange.started:
                raise
            await self._problem(ServiceStopping(), exchange)
        except Exception as error:  # the last line: nothing leaves the service as a traceback
            if exchange.started:  # too late for a status: the broken connection tells the caller that not all came
                _log.exception("an answer broke off, trace_id=%s", scope["trace_id"])
                raise
            await self._problem(error, exchange)

    async def _problem(self, error: Exception, exchange: Exchange) -> None:
        scope = exchange.scope
        if not isinstance(error, FramequeueError):
            _log.error("unexpected error, trace_id=%s", scope["trace_id"], exc_info=error)
            error = InternalError(f"an unexpected error; the log has it under the trace id {scope['trace_id']}")
        response: Response = error_response(
            error,
            instance=scope["path"],
            trace_id=scope["trace_id"],
            public_url=self._public_url,
            formats=self._formats,
        )
        response.headers.update(scope.get("problem_headers", {}))
        await response(scope, exchange.receive, exchange.send)


def _end(span: Span, exchange: Exchange) -> None:
    span.update_name(f"{exchange.method} {exchange.route}")
    span.set_attributes({"http.route": exchange.route, "http.response.status_code": exchange.status})
    if exchange.status >= 500 or not exchange.started:
        span.set_status(Status(StatusCode.ERROR))
    span.end()


async def on_http_exception(request: Request, error: Exception) -> Response:
    """Turn the router's own 404 and 405 into the domain's errors, which the edge answers."""
    if isinstance(error, HTTPException) and error.status_code == 405:
        raise MethodNotAllowed(request.method, _methods(request))
    if isinstance(error, HTTPException) and error.status_code == 404:
        raise NotFound("path", request.url.path[:200])
    raise error


def _methods(request: Request) -> set[str]:
    """All methods of the request's path, over all routes that match it; a path that is spelled out goes before."""
    path, routes = request.scope["path"], request.app.routes
    fitting = [route for route in routes if isinstance(route, Route) and route.path_regex.match(path)]
    exact = [route for route in fitting if route.path == path]
    return {method for route in exact or fitting for method in route.methods or ()}
