"""What every process of ours does first: settings, Redis, logging, the leash of `framequeue up`."""

from collections.abc import Callable
from typing import Any

from config.logging import configure
from config.settings import Settings
from jobs import leash
from service.cli.settings import effective
from service.ended import Ended

NO_REDIS = (
    "no Redis is set: set REDIS_URL (redis://host:6379/0), or run `framequeue up`, which brings its own Valkey along"
)


def prepare(role: str, heard: Callable[[], None] | None = None, **overrides: Any) -> Settings:
    """The settings of an API or worker process, with logging configured and its parent's leash held.

    `heard` is called, in a thread, where the parent says something.

    Raises Ended with exit code 2 where a setting is wrong or no Redis is named.
    """
    settings = effective(**overrides)
    if settings.redis.url is None:
        raise Ended(NO_REDIS, 2)
    configure(settings.log, role=role)
    leash.hold(settings.worker.drain_s + 5 if role == "worker" else 10, heard)
    return settings
