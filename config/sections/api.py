"""The HTTP face, and who may call it."""

from pathlib import Path
from typing import Literal

from pydantic import Field

from config.sections.base import Section


class ApiSettings(Section):
    """The HTTP face."""

    host: str = "127.0.0.1"
    """The address to listen on; off loopback, keys must be configured or `auth.mode` be `none`."""
    port: int = Field(8000, ge=0, le=65535)
    """The TCP port; 0 takes a free one."""
    public_url: str = ""
    """The base of links and problem types where a proxy stands in front; empty: relative links."""
    max_wait_s: float = Field(50.0, ge=0, le=300)
    """The cap of `Prefer: wait`, in seconds: under the 60 s at which common proxies cut a connection."""


class ApiKey(Section):
    """One key: only its SHA-256 is configured."""

    sha256: str = Field(pattern=r"^[0-9a-f]{64}$")
    """The lower-case hex SHA-256 of the key."""
    tenant: str = Field(pattern=r"^[A-Za-z0-9_.-]{1,64}$")
    """Whose jobs and frames the key reaches."""
    scopes: frozenset[Literal["jobs:write", "jobs:read", "frames", "debug", "admin"]]
    """What the key may do."""


class AuthSettings(Section):
    """Who may call."""

    mode: Literal["auto", "keys", "none"] = "auto"
    """`auto`: keys where some are configured, else open on loopback and a refusal to start elsewhere."""
    keys: tuple[ApiKey, ...] = ()
    """A JSON list of `{"sha256", "tenant", "scopes"}`; `framequeue keys new` makes one."""
    keys_file: Path | None = None
    """A file with that JSON list, beside or instead of `keys`."""
