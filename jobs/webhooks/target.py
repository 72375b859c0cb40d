"""Where a webhook goes: the URL, read one way for the check and for the connection, and the list of allowed hosts."""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from ipaddress import ip_address
from typing import Final, Self

from jobs.errors import WebhookRefused
from jobs.webhooks.addresses import Address, is_public, literal, unwrapped

MAX_URL: Final = 2_048
_URL: Final = re.compile(
    r"(?P<scheme>https?)://(?P<authority>[^/?#\\]*)(?P<path>/[^?#]*)?(?P<query>\?[^#]*)?", re.I | re.ASCII
)
_AUTHORITY: Final = re.compile(r"(?P<host>\[[^\]]*\]|[^:\[\]]*)(?::(?P<port>[0-9]{0,5}))?")
_LABEL: Final = re.compile(r"[a-z0-9_]([a-z0-9_-]{0,61}[a-z0-9_])?")
_PORTS: Final = {"http": 80, "https": 443}
_SETTING: Final = "FRAMEQUEUE_WEBHOOKS__ALLOW_HOSTS"


@dataclass(frozen=True, slots=True)
class Target:
    """A URL in its parts: `host` is lower-case ASCII, `address` there where the host spells one."""

    scheme: str
    host: str
    port: int
    path: str
    address: Address | None

    @classmethod
    def of(cls, url: str) -> Self:
        """Read a URL, strictly: what two programs might read in two ways is refused. Raises WebhookRefused."""
        if len(url) > MAX_URL:
            raise WebhookRefused(f"the URL has up to {MAX_URL:,} characters, not {len(url):,}")
        found = _URL.fullmatch(url)
        if found is None:
            raise WebhookRefused("the URL is https://host/path, without a fragment")
        path = (found["path"] or "/") + (found["query"] or "")
        if not re.fullmatch(r"[!-~]*", path):
            raise WebhookRefused("the URL's path has characters that are to be percent-encoded")
        if "@" in found["authority"]:
            raise WebhookRefused("the URL has a user or password in it; webhooks are signed instead")
        parts = _AUTHORITY.fullmatch(found["authority"])
        scheme = found["scheme"].lower()
        if parts is None or not 0 < (port := int(parts["port"] or _PORTS[scheme])) < 65_536:
            raise WebhookRefused("the URL's host or port cannot be one")
        host, address = _host(parts["host"])
        return cls(scheme, host, port, path, address)

    @property
    def name(self) -> str:
        """The host as a Host header has it, with the port where that is not the scheme's own."""
        return self.host if self.port == _PORTS[self.scheme] else f"{self.host}:{self.port}"


def host_of(url: str) -> str:
    """The host of a URL; nothing where it cannot be read."""
    try:
        return Target.of(url).host
    except WebhookRefused:
        return ""


def _host(text: str) -> tuple[str, Address | None]:
    """The host as it is looked up, after every mapping that a resolver or a browser would do."""
    try:
        host = _ascii(text).removesuffix(".")
        address = literal(host)
    except ValueError as error:
        raise WebhookRefused(f"the URL's host {text[:100]!r} is neither a name nor an address: {error}") from None
    if address is None and (len(host) > 253 or not all(_LABEL.fullmatch(label) for label in host.split("."))):
        raise WebhookRefused(f"the URL's host {text[:100]!r} is no host's name")
    return host, address


@dataclass(frozen=True, slots=True)
class AllowList:
    """Whom webhooks may reach; empty: every public host."""

    names: frozenset[str]
    suffixes: tuple[str, ...]
    addresses: frozenset[Address]

    @classmethod
    def of(cls, hosts: Iterable[str]) -> Self:
        """The list that the setting spells: names, `*.example.com`, literal addresses, `*`."""
        names, suffixes, addresses = set(), [], set()
        for host in (one.strip().lower().removesuffix(".") for one in hosts):
            if host == "*" or host.startswith("*."):
                suffixes.append(host[1:2] + _ascii(host[2:]))
            elif (address := _address(host)) is not None:
                addresses.add(unwrapped(address))
            else:
                names.add(_ascii(host))
        return cls(frozenset(names), tuple(suffixes), frozenset(addresses))

    def check(self, target: Target) -> None:
        """Raise WebhookRefused where the URL may not be reached, as far as it tells itself (no name is looked up)."""
        named = self._names(target)
        if target.scheme != "https" and not named:
            raise WebhookRefused(f"the URL is https; http is for hosts that {_SETTING} names")
        if (self.names or self.suffixes or self.addresses) and not (named or "" in self.suffixes):
            raise WebhookRefused(f"the host {target.host!r} is not one of those that {_SETTING} names")
        if target.address is not None and not self.lets(target.address):
            raise WebhookRefused(f"the address {target.host} is not a public one")
        if not named and (target.host == "localhost" or target.host.endswith(".localhost")):
            raise WebhookRefused(f"the host {target.host!r} is this machine, not a public one")

    def lets(self, address: Address) -> bool:
        """Whether this address may be connected to: it is public, or named itself."""
        return is_public(address) or unwrapped(address) in self.addresses

    def _names(self, target: Target) -> bool:
        if target.address is not None:
            return unwrapped(target.address) in self.addresses
        return target.host in self.names or any(suffix and target.host.endswith(suffix) for suffix in self.suffixes)


def _ascii(host: str) -> str:
    """The host in lower-case ASCII: IDNA maps what looks like a digit, a letter or a dot to it. Raises ValueError."""
    return host.lower() if host.isascii() else host.encode("idna").decode("ascii").lower()


def _address(host: str) -> Address | None:
    try:
        return ip_address(host.strip("[]"))
    except ValueError:
        return None
