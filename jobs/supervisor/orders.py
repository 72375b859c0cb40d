"""What the supervisor is told by the process that starts it: plain values, as JSON in one environment variable."""

import os
from dataclasses import dataclass, field
from types import SimpleNamespace
from typing import Any, cast

import msgspec

from jobs.store.options import RedisOptions

ORDERS_VARIABLE = "FRAMEQUEUE_SUPERVISOR"
WORKER = "service.cli.worker"
_SECRET = "secret"  # noqa: S105 the name of a field


class Orders(msgspec.Struct, frozen=True, kw_only=True):
    """`redis` is the settings' section by field name, a secret among them as `{"secret": …}`.

    `log_format` is `json` or `console`; `module` is what the worker process runs;
    `standby`: whether a second one is kept ready.
    """

    redis: dict[str, Any]
    lease_s: float
    drain_s: float
    record_ttl_s: int
    log_level: str = "info"
    log_format: str = "json"
    module: str = WORKER
    standby: bool = False

    @property
    def redis_options(self) -> RedisOptions:
        """The Redis section as `connect` reads it, whichever fields it has."""
        fields = {name: _opened(value) for name, value in self.redis.items()}
        return cast("RedisOptions", SimpleNamespace(**fields))


@dataclass(frozen=True, slots=True)
class PlainSecret:
    """A secret that came in the orders."""

    value: str = field(repr=False)

    def get_secret_value(self) -> str:
        """The text, as pydantic's secrets give it."""
        return self.value


def sealed(secret: str) -> dict[str, str]:
    """A secret as it stands in the orders."""
    return {_SECRET: secret}


def take() -> Orders:
    """The orders of this process, taken out of the environment so that the worker does not see them.

    Raises msgspec.ValidationError where there are none.
    """
    return msgspec.json.decode(os.environ.pop(ORDERS_VARIABLE, "{}"), type=Orders)


def _opened(value: Any) -> Any:
    return PlainSecret(value[_SECRET]) if isinstance(value, dict) and value.keys() == {_SECRET} else value
