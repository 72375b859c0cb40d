"""Where jobs, payloads and results are kept."""

from pathlib import Path
from typing import Literal, Self

from pydantic import Field, SecretStr, field_validator, model_validator

from config.sections.base import Section

_SCHEMES = ("redis", "rediss", "unix", "redis+sentinel", "rediss+sentinel")


class RedisSettings(Section):
    """Where jobs, payloads and results are kept."""

    url: SecretStr | None = None
    """`redis://`, `rediss://` (TLS), `unix://`, or `redis+sentinel://[user:password@]host:port,host2:port/<service>/<db>`
    (`rediss+sentinel://` with TLS); `REDIS_URL` says the same. Without one, `framequeue up` starts a Valkey."""
    queue: str = Field("framequeue:queue", min_length=1)
    """ARQ's queue name (a sorted set). Keep stock ARQ workers off it: they would end jobs whose function they lack."""
    durability: Literal["write", "fsync"] = "write"
    """`fsync`: a 202 is only given once the job has reached Redis' disk (WAITAOF: Redis 7.2 or Valkey, append-only)."""
    connect_timeout_s: float = Field(2.0, gt=0)
    """How long to wait for a connection, in seconds."""
    command_timeout_s: float = Field(10.0, gt=0)
    """How long to wait for one answer, connecting included, in seconds."""
    max_connections: int = Field(100, ge=4)
    """Connections a process may open to Redis."""
    tls_ca_file: Path | None = None
    """The certificates (PEM) that may sign Redis'; without it those of the system."""
    tls_cert_file: Path | None = None
    """Our own certificate (PEM), where Redis asks for one."""
    tls_key_file: Path | None = None
    """The key of `tls_cert_file`, where it does not stand in the same file."""
    tls_verify: Literal["full", "ca", "none"] = "full"
    """`full`: the certificate is signed as it should be and names the host; `ca`: it is signed (Sentinels often name
    hosts by address, certificates by name); `none`: anyone may answer."""
    sentinel_username: str = ""
    """The user to log in to the Sentinels as, where they want one."""
    sentinel_password: SecretStr | None = None
    """The password of the Sentinels, which is not that of Redis (that one stands in the URL)."""

    @field_validator("url")
    @classmethod
    def _known_scheme(cls, url: SecretStr | None) -> SecretStr | None:
        if url is not None and url.get_secret_value().partition("://")[0].lower() not in _SCHEMES:
            raise ValueError(f"it begins with one of {', '.join(f'{scheme}://' for scheme in _SCHEMES)}")
        return url

    @model_validator(mode="after")
    def _tls_files_need_tls(self) -> Self:
        # they would be left unused without a word, and what was meant to be secret go in the clear
        given = self.tls_ca_file or self.tls_cert_file or self.tls_key_file
        if given and self.url is not None and not self.url.get_secret_value().lower().startswith("rediss"):
            raise ValueError("tls files are given, but the URL is not rediss:// or rediss+sentinel://")
        return self
