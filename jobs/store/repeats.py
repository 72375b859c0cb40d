"""Requests that are sent again: what they made before, and whether that is on Redis' disk."""

import hashlib
from dataclasses import dataclass
from typing import Any, Final

from jobs.errors import IdempotencyMismatch
from jobs.store import keys, scripts
from jobs.store.redis import Redis, translated

_SETTLED_MS: Final = 60_000


@dataclass(frozen=True, slots=True)
class Repeat:
    """By what a caller's repeated request is known: the Redis key, the request's fingerprint, and how long."""

    key: str
    fingerprint: str
    ttl_ms: int


def repeat_of(tenant: str, key: str, fingerprint: str, ttl_s: int) -> Repeat:
    """What the script needs of a tenant's Idempotency-Key."""
    return Repeat(keys.idem(tenant, hashlib.sha256(key.encode()).hexdigest()), fingerprint, ttl_s * 1000)


async def kept(redis: Redis, repeat: Repeat) -> tuple[str, ...]:
    """The ids that the same request made before, none where it is new; raises IdempotencyMismatch."""
    with translated():
        found: Any = await redis.get(repeat.key)
    if found is None:
        return ()
    fingerprint, *ids = found.decode().split()
    if fingerprint != repeat.fingerprint:
        raise IdempotencyMismatch
    return tuple(ids)


async def settle(redis: Redis, fsync_ms: int) -> None:
    """Wait until all that was accepted before is on Redis' disk; raises StoreUnavailable where that takes longer.

    Who is told again of what it made before is promised the same, and its first answer may have been that Redis could
    not keep it.
    """
    with translated():
        async with redis.pipeline(transaction=False) as pipe:
            # WAITAOF waits for its own connection's writes, and these stand behind all earlier ones in the log
            pipe.set(keys.SETTLED, 1, px=_SETTLED_MS)
            pipe.execute_command("WAITAOF", 1, 0, fsync_ms)
            _, synced = await pipe.execute(raise_on_error=False)
    scripts.check_synced(synced)
