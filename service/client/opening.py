"""What both clients are opened with."""

from collections.abc import Callable
from typing import Any

import httpx

from service.client.effects import Rules


def rules_of(url: str, timeout: float, retries: int, job: Callable[[Any], Any]) -> Rules:
    """The rules of a client's calls; raises ValueError where they cannot be."""
    if not url.startswith(("http://", "https://")):
        raise ValueError(f"base_url is http://… or https://…, not {url!r}")
    if timeout <= 0 or retries < 0:
        raise ValueError(f"timeout is above 0 and retries from 0, not {timeout!r} and {retries!r}")
    return Rules(url, retries, timeout, job, near=httpx.URL(url).host in ("localhost", "127.0.0.1", "::1"))


def connection(rules: Rules, key: str | None) -> dict[str, Any]:
    """What httpx's client is opened with."""
    said = {"Accept": "application/json", "Accept-Encoding": "gzip", "User-Agent": "framequeue-client"}
    options: dict[str, Any] = {
        "headers": said | ({"Authorization": f"Bearer {key}"} if key else {}),
        "limits": httpx.Limits(max_connections=None, max_keepalive_connections=20),
    }
    if rules.near and rules.url.startswith("http://"):
        # neither TLS nor a proxy is between: loading certificates takes 80 ms of CPU, more than most calls
        options |= {"verify": False, "trust_env": False}
    return options


def id_of(thing: Any) -> str:
    """The id of a Frame, or the id itself."""
    return thing if isinstance(thing, str) else str(thing.id)
