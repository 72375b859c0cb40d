"""Where Redis is, as a URL says it: one server, a Unix socket, or the primary that Sentinels name."""

from dataclasses import dataclass
from urllib.parse import unquote

_SENTINEL_SCHEMES = frozenset({"redis+sentinel", "rediss+sentinel"})
_SENTINEL_PORT = 26379


@dataclass(frozen=True, slots=True)
class SentinelAddress:
    """`redis+sentinel://[user:password@]host[:port][,host2[:port2]...]/service[/db]`, the form other libraries take.

    User and password are those of Redis; `tls` (`rediss+sentinel`) holds for Redis and for the Sentinels.
    """

    sentinels: tuple[tuple[str, int], ...]
    service: str
    db: int
    username: str | None
    password: str | None
    tls: bool


def is_sentinel(url: str) -> bool:
    """Whether the URL names Sentinels."""
    return url.partition("://")[0].lower() in _SENTINEL_SCHEMES


def parse_sentinel(url: str) -> SentinelAddress:
    """The parts of a Sentinel URL; raises ValueError with one line that says what is missing, without the password."""
    scheme, _, rest = url.partition("://")
    authority, _, path = rest.partition("?")[0].partition("/")
    login, _, hosts = authority.rpartition("@")
    username, _, password = login.partition(":")
    service, _, db = path.strip("/").partition("/")
    if not service:
        raise ValueError("a Sentinel URL ends in the name of its service: redis+sentinel://host:26379/<service>[/<db>]")
    if db and not db.isdecimal():
        raise ValueError(f"the database at the end of a Sentinel URL is a number, not {db!r}")
    return SentinelAddress(
        sentinels=tuple(_host(host) for host in hosts.split(",")),
        service=unquote(service),
        db=int(db or 0),
        username=unquote(username) or None,
        password=unquote(password) or None,
        tls=scheme.lower() == "rediss+sentinel",
    )


def _host(text: str) -> tuple[str, int]:
    """`name`, `name:port`, `[::1]` or `[::1]:port`."""
    host, colon, port = text.strip().rpartition(":")
    if not colon or text.endswith("]"):
        host, port = text.strip(), str(_SENTINEL_PORT)
    host = unquote(host.removeprefix("[").removesuffix("]"))
    if not host or not port.isdecimal() or int(port) > 65_535:
        raise ValueError(f"{text!r} in a Sentinel URL is no host:port")
    return host, int(port)
