"""The way to a webhook's host: looked up once, every address checked, and connected to just what was checked.

There is no second look-up between check and connection by which a name could come to mean another address.
"""

import asyncio
import ipaddress
import socket
import threading
from collections.abc import Awaitable, Callable, Iterable
from contextlib import suppress
from dataclasses import dataclass
from typing import Final

import httpcore

from jobs.webhooks.addresses import Address, unwrapped
from jobs.webhooks.target import AllowList

Resolver = Callable[[str, int], Awaitable[tuple[str, ...]]]
MOST_ADDRESSES: Final = 32
_MOST_LOOKUPS: Final = 64


class NoAddressError(Exception):
    """The host has no address that may be reached. Not known or not public is told to nobody.

    Else a caller could ask which names there are inside our network.
    """

    def __init__(self) -> None:
        super().__init__("the host is not known, or its address is not a public one")


class SystemResolver:
    """The system's look-up, each in a daemon thread of its own.

    A name server that does not answer keeps a thread for as long as the system waits: neither the event loop's own
    threads, which Redis' host needs, nor the end of the process may wait for it.
    """

    def __init__(self) -> None:
        self._running = 0

    async def __call__(self, host: str, port: int) -> tuple[str, ...]:
        """The host's addresses; raises NoAddressError."""
        if self._running >= _MOST_LOOKUPS:
            raise NoAddressError
        loop = asyncio.get_running_loop()
        found: asyncio.Future[tuple[str, ...] | None] = loop.create_future()

        def told(addresses: tuple[str, ...] | None) -> None:
            self._running -= 1
            if not found.done():
                found.set_result(addresses)

        def look() -> None:
            try:
                answer = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
                addresses = tuple(dict.fromkeys(str(one[4][0]) for one in answer))
            except (OSError, UnicodeError):
                addresses = None
            with suppress(RuntimeError):  # the loop is closed: nobody waits any more
                loop.call_soon_threadsafe(told, addresses)

        self._running += 1
        threading.Thread(target=look, name="webhook-lookup", daemon=True).start()
        addresses = await found
        if not addresses:
            raise NoAddressError
        return addresses


@dataclass(frozen=True, slots=True)
class CheckedNetwork(httpcore.AsyncNetworkBackend):
    """httpcore's way to a host: look up, check, connect. Knows no proxy, and no environment."""

    allowed: AllowList
    resolve: Resolver
    connects: httpcore.AsyncNetworkBackend

    async def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,  # noqa: ASYNC109  # httpcore's signature
        local_address: str | None = None,
        socket_options: Iterable[httpcore.SOCKET_OPTION] | None = None,
    ) -> httpcore.AsyncNetworkStream:
        """A connection to the first of the host's addresses that takes one; raises NoAddressError before any."""
        async with asyncio.timeout(timeout):
            addresses = await self._checked(host, port)
            failed: Exception | None = None
            for address in addresses:
                try:
                    return await self.connects.connect_tcp(
                        str(address), port, timeout=timeout, local_address=local_address, socket_options=socket_options
                    )
                except (httpcore.ConnectError, httpcore.ConnectTimeout) as error:
                    failed = error
            raise failed or NoAddressError

    async def _checked(self, host: str, port: int) -> tuple[Address, ...]:
        literal = _address(host)
        texts = (host,) if literal else await self.resolve(host, port)
        addresses = tuple(_address(text) for text in texts[:MOST_ADDRESSES])
        # one that may not be reached spoils the others: such a name is no accident
        checked = tuple(unwrapped(one) for one in addresses if one is not None and self.allowed.lets(one))
        if len(checked) != len(addresses):
            raise NoAddressError
        return checked

    async def sleep(self, seconds: float) -> None:
        """httpcore's pause before it connects again, which it is not asked to do."""
        await asyncio.sleep(seconds)


def _address(text: str) -> Address | None:
    try:
        return ipaddress.ip_address(text)
    except ValueError:
        return None
