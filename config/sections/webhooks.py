"""Webhooks: whom they may reach, how they are signed, and how long they are tried."""

import base64
import re
from typing import Final

from pydantic import Field, SecretStr, field_validator

from config.sections.base import CommaSeparated, Section

PREFIX: Final = "whsec_"
_TENANT: Final = re.compile(r"[A-Za-z0-9_.-]{1,64}")
_HOST: Final = re.compile(r"\*|(\*\.)?[^\s/@*]+")
_SECRET_BYTES: Final = range(24, 65)


class WebhookSettings(Section):
    """Telling a URL that a job has ended (Standard Webhooks)."""

    allow_hosts: CommaSeparated = ()
    """Whom webhooks may reach: hosts, `*.example.com`, literal addresses, `*`; empty: every public host. A host whose
    address is not public is reached only where that very address is listed, too; http only where the host is."""
    secrets: dict[str, tuple[SecretStr, ...]] = Field(default={})
    """A JSON object, tenant to list of secrets (`framequeue webhooks secret` makes one). Each signs: list two while one
    replaces the other."""
    timeout_s: float = Field(10.0, gt=0, le=60)
    """How long one try may take in all, in seconds."""
    concurrency: int = Field(20, ge=1, le=1_000)
    """Tries that one worker process makes at a time; they take no job's slot."""
    first_retry_s: float = Field(5.0, gt=0, le=3_600)
    """How long after the first try the second follows, in seconds; later pauses double, up to an hour."""
    give_up_s: int = Field(86_400, ge=0)
    """How long after the job's end the last try is made, in seconds."""

    @field_validator("allow_hosts")
    @classmethod
    def _are_hosts(cls, hosts: tuple[str, ...]) -> tuple[str, ...]:
        for host in hosts:
            if not _HOST.fullmatch(host) or not _is_idna(host):
                raise ValueError(
                    f"{host[:80]!r} is none of a host, *.example.com, an address and * (no URL, no network)"
                )
        return hosts

    @field_validator("secrets")
    @classmethod
    def _well_formed(cls, secrets: dict[str, tuple[SecretStr, ...]]) -> dict[str, tuple[SecretStr, ...]]:
        for tenant, given in secrets.items():
            if not _TENANT.fullmatch(tenant):
                raise ValueError(f"{tenant[:80]!r} is no tenant's name")
            if not given or not all(_is_secret(one.get_secret_value()) for one in given):
                raise ValueError(
                    f"the secrets of {tenant!r} are a list of whsec_ with 24 to 64 bytes in base64; "
                    "`framequeue webhooks secret` makes one"
                )
        return secrets


def _is_idna(host: str) -> bool:
    try:
        return host.isascii() or bool(host.removeprefix("*.").encode("idna"))
    except ValueError:
        return False


def _is_secret(text: str) -> bool:
    if not text.startswith(PREFIX):
        return False
    try:
        return len(base64.b64decode(text.removeprefix(PREFIX), validate=True)) in _SECRET_BYTES
    except ValueError:
        return False
