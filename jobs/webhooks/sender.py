"""One request to a webhook's URL, bounded in time, in bytes and in where it may go."""

import asyncio
import ssl
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

import httpcore

from jobs.errors import WebhookRefused
from jobs.webhooks.network import CheckedNetwork, NoAddressError, Resolver, SystemResolver
from jobs.webhooks.schedule import retry_after_s
from jobs.webhooks.target import AllowList, Target


@dataclass(frozen=True, slots=True)
class Answer:
    """What came of a try: the HTTP status where there was an answer, and what was wrong; nothing of its body."""

    status: int | None = None
    error: str | None = None
    retry_after_s: float | None = None


class Sender(Protocol):
    """Whatever can deliver."""

    async def send(self, url: str, headers: Sequence[tuple[str, str]], body: bytes) -> Answer:
        """One try; every failure is an answer, too."""


class HttpSender:
    """Delivers over HTTP/1.1: a connection of its own for each try, no redirects, no cookies, no proxy."""

    def __init__(
        self,
        allowed: AllowList,
        timeout_s: float,
        *,
        resolver: Resolver | None = None,
        tls: ssl.SSLContext | None = None,
    ) -> None:
        self._allowed, self._timeout_s = allowed, timeout_s
        self._network = CheckedNetwork(allowed, resolver or SystemResolver(), httpcore.AnyIOBackend())
        self._tls = tls

    async def send(self, url: str, headers: Sequence[tuple[str, str]], body: bytes) -> Answer:
        """One try; every failure is an answer, too."""
        try:
            target = Target.of(url)
            self._allowed.check(target)  # again: the settings may have changed since the submit
            async with asyncio.timeout(self._timeout_s):
                return await self._post(target, headers, body)
        except WebhookRefused as error:
            return Answer(error=error.detail)
        except (TimeoutError, httpcore.TimeoutException):
            return Answer(error=f"no answer within {self._timeout_s:g} s")
        except NoAddressError as error:
            return Answer(error=str(error))
        except ssl.SSLError as error:
            return Answer(error=f"TLS: {error.reason or 'failed'}"[:200])
        except (OSError, httpcore.NetworkError, httpcore.ProtocolError) as error:
            return Answer(error=_said(error))

    async def _post(self, target: Target, headers: Sequence[tuple[str, str]], body: bytes) -> Answer:
        sent = [("host", target.name), *headers, ("content-length", str(len(body))), ("connection", "close")]
        url = httpcore.URL(
            scheme=target.scheme, host=target.host.strip("[]"), port=target.port, target=target.path.encode()
        )
        pool = httpcore.AsyncConnectionPool(
            ssl_context=await self._context(target), max_keepalive_connections=0, network_backend=self._network
        )
        limits = dict.fromkeys(("connect", "read", "write", "pool"), self._timeout_s)
        async with pool, pool.stream("POST", url, headers=sent, content=body, extensions={"timeout": limits}) as answer:
            found = {name.lower(): value for name, value in answer.headers}
            asked = found.get(b"retry-after", b"").decode("latin-1")
            if not 200 <= answer.status < 300:
                return Answer(answer.status, _refusal(answer.status), retry_after_s(asked))
            return Answer(answer.status)  # its body is nobody's: the connection is closed on it

    async def _context(self, target: Target) -> ssl.SSLContext | None:
        if self._tls is None and target.scheme == "https":
            # reading all certificates takes some 20 ms
            self._tls = await asyncio.to_thread(httpcore.default_ssl_context)
        return self._tls


def _refusal(status: int) -> str:
    if 300 <= status < 400:
        return f"HTTP {status}: redirects are not followed"
    return "HTTP 410: it wants no more" if status == 410 else f"HTTP {status}"


def _said(error: Exception) -> str:
    cause = error.__cause__ or error.__context__ or error
    if isinstance(cause, ssl.SSLError):
        return f"TLS: {cause.reason or 'failed'}"[:200]
    words = {"ConnectError": "it could not be connected to", "RemoteProtocolError": "its answer was not HTTP"}
    return words.get(type(error).__name__, f"the connection broke off ({type(error).__name__})")
