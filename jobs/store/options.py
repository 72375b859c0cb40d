"""What the store reads of the settings, as types alone: the supervisor has these values without the settings' library.

pydantic and the sections take 11 MB, a third of the supervisor's memory.
"""

from pathlib import Path
from typing import Protocol


class Secret(Protocol):
    """A text that no log and no traceback shows."""

    def get_secret_value(self) -> str:
        """The text."""


class RedisOptions(Protocol):
    """How to reach Redis: `config.sections.RedisSettings`, or the supervisor's copy of it."""

    @property
    def url(self) -> Secret | None:
        """Where it is; None where none is configured."""

    @property
    def queue(self) -> str:
        """The queue's name."""

    @property
    def connect_timeout_s(self) -> float:
        """How long to wait for a connection."""

    @property
    def command_timeout_s(self) -> float:
        """How long to wait for one answer."""

    @property
    def max_connections(self) -> int:
        """How many connections may be open."""

    @property
    def tls_ca_file(self) -> Path | str | None:
        """Who may sign Redis' certificate."""

    @property
    def tls_cert_file(self) -> Path | str | None:
        """Our own certificate."""

    @property
    def tls_key_file(self) -> Path | str | None:
        """Its key, where it stands in a file of its own."""

    @property
    def tls_verify(self) -> str:
        """`full`, `ca` or `none`."""

    @property
    def sentinel_username(self) -> str:
        """The user of the Sentinels; empty for none."""

    @property
    def sentinel_password(self) -> Secret | None:
        """The password of the Sentinels."""


class RecordOptions(Protocol):
    """How long finished jobs are remembered: `config.sections.JobSettings`, or the supervisor's copy of it."""

    @property
    def record_ttl_s(self) -> int:
        """How long, after its result has expired."""
