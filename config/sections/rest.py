"""Own transforms, the log, and the command line."""

from typing import Literal

from pydantic import Field, SecretStr

from config.sections.base import CommaSeparated, Section


class TransformSettings(Section):
    """Transforms of your own."""

    modules: CommaSeparated = ()
    """Importable modules whose `@transform` functions become ops; API and worker must name the same."""


class LogSettings(Section):
    """What is logged, and how."""

    level: Literal["debug", "info", "warning", "error"] = "info"
    """The least severe level that is written."""
    format: Literal["auto", "json", "console"] = "auto"
    """`auto`: colours on a terminal, JSON lines elsewhere."""
    access: Literal["auto", "on", "off"] = "auto"
    """A line at `info` for each answer of the API (of probes at `debug`); `auto`: on, but below `framequeue up`."""


class ClientSettings(Section):
    """Whom the command line calls (`framequeue submit`, `show`, `transforms`)."""

    url: str = Field("http://127.0.0.1:8000", pattern=r"^https?://[^\s/]")
    """The base URL of the service."""
    key: SecretStr | None = None
    """The key to present, where the service wants one."""
