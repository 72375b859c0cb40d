"""The requests quota: every request with a key takes one of its tenant's, and every answer says what is left.

`RateLimit-Policy` and `RateLimit` are structured fields, as the IETF draft (httpapi-ratelimit-headers) writes them.
"""

from typing import Final

from starlette.datastructures import Headers
from starlette.types import ASGIApp, Receive, Scope, Send

from jobs.errors import RequestQuota
from jobs.requests import WINDOW_S, Allowance, Requests
from service.auth import Auth
from service.errors import AuthError

_COUNTED: Final = "/v1/"
_POLICY: Final = '"requests"'


class Quotas:
    """A pure ASGI layer, only there where a quota is set; probes and pages are exempt."""

    def __init__(self, app: ASGIApp, *, auth: Auth, requests: Requests) -> None:
        self._app, self._auth, self._requests = app, auth, requests

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Let a request through, or raise RequestQuota."""
        if scope["type"] == "http" and scope["path"].startswith(_COUNTED):
            await self._take(scope)
        await self._app(scope, receive, send)

    async def _take(self, scope: Scope) -> None:
        try:
            tenant = self._auth.caller(Headers(scope=scope)).tenant
        except AuthError:  # its handler says so
            return
        allowance = await self._requests.take(tenant)
        if allowance is None:
            return
        per_minute = self._requests.per_minute
        scope["answer_headers"] = _headers(allowance, per_minute)
        if not allowance.allowed:
            raise RequestQuota(
                f"this tenant may send {per_minute} requests a minute, {self._requests.burst} of them at once; "
                f"the next one in {allowance.retry_after_s} s (setting quotas.requests_per_minute)",
                allowance.retry_after_s,
            )


def _headers(allowance: Allowance, per_minute: int) -> list[tuple[bytes, bytes]]:
    # t: what is left now grows again until then
    reset_s = allowance.retry_after_s if not allowance.allowed else allowance.whole_s
    return [
        (b"ratelimit-policy", f"{_POLICY};q={per_minute};w={WINDOW_S}".encode()),
        (b"ratelimit", f"{_POLICY};r={allowance.left};t={reset_s}".encode()),
    ]
