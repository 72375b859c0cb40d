"""Whether the service can work."""

from msgspec import Struct


class ReadyBody(Struct, frozen=True):
    """Whether jobs are taken and run; `problems` say why not, `warnings` what else is wrong.

    `queued` are the jobs that are due, the oldest of them for `oldest_queued_s`.
    """

    ready: bool
    problems: tuple[str, ...] = ()
    warnings: tuple[str, ...] = ()
    workers: int = 0
    queued: int = 0
    running: int = 0
    waiting: int = 0
    oldest_queued_s: float = 0.0
    redis_away_since: str | None = None
