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


def headers_of(key: str | None) -> dict[str, str]:
    """What every request carries."""
    said = {"Accept": "application/json", "Accept-Encoding": "gzip", "User-Agent": "framequeue-client"}
    return said | ({"Authorization": f"Bearer {key}"} if key else {})


def id_of(thing: Any) -> str:
    """The id of a Frame, or the id itself."""
    return thing if isinstance(thing, str) else str(thing.id)
