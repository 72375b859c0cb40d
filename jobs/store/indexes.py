"""The lists of a tenant's jobs: what is in them goes when its record has gone, found by housekeeping."""

from typing import Final

from jobs.store import keys, scripts
from jobs.store.redis import Redis, translated

_PAGE: Final = 500


def is_index(name: str) -> bool:
    """Whether a key is a list of a tenant's jobs: not its ledger, nor its requests, which have ends of their own."""
    tenant, _, part = name.removeprefix(keys.TENANT_PREFIX).partition(":")
    return name.startswith(keys.TENANT_PREFIX) and name in {
        keys.tenant_jobs(tenant),
        keys.tenant_live(tenant),
        keys.tenant_group(tenant, part.removeprefix("group:")),
    }


async def trim(redis: Redis, index: str) -> int:
    """Take out the ids whose records have expired; how many. An index that is empty then is no key any more."""
    cursor = gone = 0
    while True:
        with translated():
            cursor, entries = await redis.zscan(index, cursor, count=_PAGE)
            if entries:
                gone += int(await scripts.trim(redis, [index], [keys.JOB_PREFIX, *(entry for entry, _ in entries)]))
        if not cursor:
            return gone
