"""How a worker is started: through its supervisor, which is told what it has to know of the settings."""

import sys
from typing import Any, Final

import msgspec
from pydantic import SecretStr

from config.settings import Settings
from jobs.supervisor.orders import ORDERS_VARIABLE, Orders, sealed

SUPERVISOR: Final = "jobs.supervisor"


def variable(settings: Settings, *, url: str | None = None) -> dict[str, str]:
    """The environment variable with the supervisor's orders; `url`: a Redis that the settings do not know."""
    redis = dict(settings.redis) | ({} if url is None else {"url": sealed(url)})
    form = settings.log.format
    if form == "auto":
        form = "console" if sys.stderr.isatty() else "json"
    orders = Orders(
        redis=redis,
        lease_s=settings.worker.lease_s,
        drain_s=settings.worker.drain_s,
        record_ttl_s=settings.jobs.record_ttl_s,
        log_level=settings.log.level,
        log_format=form,
        standby=settings.worker.standby,
    )
    return {ORDERS_VARIABLE: msgspec.json.encode(orders, enc_hook=_plain).decode()}


def _plain(value: Any) -> Any:
    return sealed(value.get_secret_value()) if isinstance(value, SecretStr) else str(value)
