"""Whether a Redis is fit to keep jobs: what of its settings endangers them is said when a process first meets it."""

import logging
import re
from collections.abc import Mapping
from typing import Any

from redis.exceptions import ResponseError

from jobs.errors import StoreError
from jobs.store.redis import Redis, translated

logger = logging.getLogger(__name__)
SECTIONS = ("server", "persistence", "memory")
"""The sections of INFO that `unsafe` reads."""
_OLDEST = (6, 2)


def unsafe(server: Mapping[str, Any], persistence: Mapping[str, Any], memory: Mapping[str, Any]) -> tuple[str, ...]:
    """What of Redis endangers accepted jobs, a sentence each, from these sections of INFO."""
    found = []
    version = str(server.get("redis_version", ""))  # Valkey gives the Redis it is compatible with
    numbers = tuple(int(number) for number in re.findall(r"\d+", version)[:2])
    if numbers and numbers < _OLDEST:
        found.append(f"Redis {version} is too old; run 6.2 or newer, or Valkey")
    if not persistence.get("aof_enabled"):
        found.append("Redis keeps no append-only file: a crash of it loses jobs; set appendonly yes")
    policy = memory.get("maxmemory_policy", "noeviction")
    if policy != "noeviction":
        found.append(f"Redis may evict jobs when it is full (maxmemory-policy {policy}); set noeviction")
    return tuple(found)


class Watchman:
    """Warns once of each server that a process meets: the first, one it was restarted as, one behind a failover."""

    def __init__(self, redis: Redis) -> None:
        self._redis = redis
        self._known = ""

    async def look(self) -> str:
        """The run id of the server behind the connections; empty where Redis is away or does not tell."""
        try:
            with translated():
                async with self._redis.pipeline(transaction=False) as pipe:
                    for section in SECTIONS:
                        pipe.info(section)
                    server, persistence, memory = await pipe.execute()
        except (StoreError, ResponseError) as error:  # ResponseError: a proxy, say, that knows no INFO
            logger.debug("how safe Redis is could not be seen: %s", error)
            return ""
        run_id = str(server.get("run_id", "unknown"))
        if run_id != self._known:
            self._known = run_id
            for warning in unsafe(server, persistence, memory):
                logger.warning("jobs are not safe: %s", warning)
        return run_id
