"""Whether the service can work."""

from msgspec import Struct


class ReadyBody(Struct, frozen=True):
    """Whether the service can take jobs; `problems` say why not, `warnings` what else is wrong."""

    ready: bool
    problems: tuple[str, ...] = ()
    warnings: tuple[str, ...] = ()
    workers: int = 0
    queued: int = 0
