"""Who calls: bearer keys, their tenants and their scopes."""

import hashlib
import hmac
import ipaddress
import json
import secrets
from dataclasses import dataclass
from typing import Final, Literal

from pydantic import TypeAdapter, ValidationError
from starlette.datastructures import Headers

from config import Settings, SettingsError
from config.sections import ApiKey
from service.errors import KeyMissing, KeyUnknown, ScopeMissing

Scope = Literal["jobs:write", "jobs:read", "frames", "debug", "admin"]
SCOPES: Final[frozenset[Scope]] = frozenset(("jobs:write", "jobs:read", "frames", "debug", "admin"))
DEFAULT_TENANT: Final = "default"
_KEYS: Final = TypeAdapter(tuple[ApiKey, ...])


@dataclass(frozen=True, slots=True)
class Caller:
    """Who a request comes from: the tenant of the key, and what the key may do."""

    tenant: str
    scopes: frozenset[Scope]

    def may(self, scope: Scope) -> bool:
        """Whether the caller has this scope."""
        return scope in self.scopes

    def need(self, scope: Scope) -> None:
        """Raise ScopeMissing where the caller has not this scope."""
        if scope not in self.scopes:
            raise ScopeMissing(scope)


ANYONE: Final = Caller(DEFAULT_TENANT, SCOPES)


@dataclass(frozen=True, slots=True)
class Auth:
    """The configured keys; `open` lets every caller in as the default tenant."""

    keys: tuple[tuple[bytes, Caller], ...] = ()
    open: bool = False

    @classmethod
    def from_settings(cls, settings: Settings) -> "Auth":
        """The keys of the settings and the keys file; raises SettingsError where the service would stand open."""
        mode, host = settings.auth.mode, settings.api.host
        if mode == "none":
            return cls(open=True)
        keys = (*settings.auth.keys, *_from_file(settings))
        if not keys and mode == "auto" and is_loopback(host):
            return cls(open=True)
        if not keys:
            raise SettingsError(
                f"no API keys are configured for host {host!r}: set FRAMEQUEUE_AUTH__KEYS "
                "(`framequeue keys new` makes one), or FRAMEQUEUE_AUTH__MODE=none to let everybody in"
            )
        return cls(keys=tuple((bytes.fromhex(key.sha256), Caller(key.tenant, key.scopes)) for key in keys))

    def caller(self, headers: Headers) -> Caller:
        """Who sent these headers; raises KeyMissing or KeyUnknown. Every key is compared, so time tells nothing."""
        if self.open:
            return ANYONE
        scheme, _, key = headers.get("authorization", "").partition(" ")
        if scheme.lower() != "bearer" or not key.strip():
            raise KeyMissing
        digest = hashlib.sha256(key.strip().encode("latin-1")).digest()
        found: Caller | None = None
        for known, caller in self.keys:
            if hmac.compare_digest(known, digest):
                found = caller
        if found is None:
            raise KeyUnknown
        return found


def new_key(tenant: str, scopes: frozenset[Scope] = SCOPES) -> tuple[str, ApiKey]:
    """A fresh key, to be shown once, and the entry with its hash that goes into the settings."""
    key = "fq_" + secrets.token_urlsafe(32)
    return key, ApiKey(sha256=hashlib.sha256(key.encode("ascii")).hexdigest(), tenant=tenant, scopes=scopes)


def is_loopback(host: str) -> bool:
    """Whether only this machine can reach a server that listens on `host`."""
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host.strip("[]")).is_loopback
    except ValueError:
        return False


def _from_file(settings: Settings) -> tuple[ApiKey, ...]:
    path = settings.auth.keys_file
    if path is None:
        return ()
    try:
        return _KEYS.validate_python(json.loads(path.read_bytes()))
    except OSError as error:
        reason = error.strerror or str(error)
    except ValidationError as error:
        first = error.errors()[0]
        reason = f"{'.'.join(map(str, first['loc']))}: {first['msg']}"
    except ValueError as error:
        reason = f"not JSON ({error})"
    raise SettingsError(f"setting FRAMEQUEUE_AUTH__KEYS_FILE: {path}: {reason}")
