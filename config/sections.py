"""The sections of the settings, each frozen; every field says its unit and why its default is what it is."""

import json
from pathlib import Path
from typing import Annotated, Literal, Self

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, SecretStr, field_validator, model_validator
from pydantic_settings import NoDecode

KIB, MIB, GIB = 1024, 1024**2, 1024**3
_SCHEMES = ("redis", "rediss", "unix", "redis+sentinel", "rediss+sentinel")


def _split(value: object) -> object:
    if not isinstance(value, str):
        return value
    if value.lstrip().startswith("["):
        return json.loads(value)
    return tuple(part.strip() for part in value.split(",") if part.strip())


CommaSeparated = Annotated[tuple[str, ...], NoDecode, BeforeValidator(_split)]


class Section(BaseModel):
    """The base of a section: frozen, and an unknown name is an error."""

    model_config = ConfigDict(frozen=True, extra="forbid", use_attribute_docstrings=True)


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


class ApiSettings(Section):
    """The HTTP face."""

    host: str = "127.0.0.1"
    """The address to listen on; off loopback, keys must be configured or `auth.mode` be `none`."""
    port: int = Field(8000, ge=0, le=65535)
    """The TCP port; 0 takes a free one."""
    public_url: str = ""
    """The base of links and problem types where a proxy stands in front; empty: relative links."""
    max_wait_s: float = Field(50.0, ge=0, le=300)
    """The cap of `Prefer: wait`, in seconds: under the 60 s at which common proxies cut a connection."""


class ApiKey(Section):
    """One key: only its SHA-256 is configured."""

    sha256: str = Field(pattern=r"^[0-9a-f]{64}$")
    """The lower-case hex SHA-256 of the key."""
    tenant: str = Field(pattern=r"^[A-Za-z0-9_.-]{1,64}$")
    """Whose jobs and frames the key reaches."""
    scopes: frozenset[Literal["jobs:write", "jobs:read", "frames", "debug", "admin"]]
    """What the key may do."""


class AuthSettings(Section):
    """Who may call."""

    mode: Literal["auto", "keys", "none"] = "auto"
    """`auto`: keys where some are configured, else open on loopback and a refusal to start elsewhere."""
    keys: tuple[ApiKey, ...] = ()
    """A JSON list of `{"sha256", "tenant", "scopes"}`; `framequeue keys new` makes one."""
    keys_file: Path | None = None
    """A file with that JSON list, beside or instead of `keys`."""


class WorkerSettings(Section):
    """The worker process."""

    threads: int = Field(0, ge=0, le=256)
    """Threads that run transforms, and so jobs at a time; 0: one per core, and at least two."""
    nice: int = Field(5, ge=0, le=19)
    """How far transforms stand back on the processor for the API and Redis beside them (Linux's nice value)."""
    memory_bytes: int = Field(0, ge=0)
    """What running jobs may take of memory, in bytes; 0: three quarters of the container's limit or the machine's."""
    lease_s: float = Field(10.0, ge=1)
    """How long a claim holds without renewal, in seconds: what a lost machine costs its jobs."""
    drain_s: float = Field(20.0, ge=0)
    """How long SIGTERM waits for running jobs before it hands them back, in seconds."""
    standby: bool = True
    """Keep a second process ready, which takes over at once where the worker dies or hangs; it takes about 80 MB."""
    poll_s: float = Field(0.5, gt=0)
    """How often an idle worker looks for jobs of stock ARQ producers, which do not wake it, in seconds."""


class JobSettings(Section):
    """Defaults of a job's own fields, and how long things are kept."""

    timeout_s: float = Field(300.0, gt=0)
    """How long one attempt may run where the job does not say, in seconds."""
    max_timeout_s: float = Field(86_400.0, gt=0)
    """The largest `timeout_s` a job may ask for, in seconds."""
    max_attempts: int = Field(3, ge=1, le=100)
    """How often a job is tried where it does not say."""
    result_ttl_s: int = Field(86_400, ge=1)
    """How long a result is kept where the job does not say, in seconds."""
    max_result_ttl_s: int = Field(30 * 86_400, ge=1)
    """The largest `result_ttl_s` a job may ask for, in seconds."""
    record_ttl_s: int = Field(7 * 86_400, ge=60)
    """How long a finished job is remembered after its result has expired, in seconds."""
    frame_ttl_s: int = Field(86_400, ge=1)
    """How long an uploaded frame is kept, in seconds."""
    upload_ttl_s: int = Field(3_600, ge=60)
    """How long an unfinished upload may stand before Redis drops it, in seconds."""


class LimitSettings(Section):
    """What is refused; each limit has its own error."""

    body_bytes: int = Field(256 * MIB, ge=1)
    """The largest request body, compressed or not."""
    envelope_bytes: int = Field(16 * MIB, ge=1)
    """The largest JSON envelope (it is held in memory; larger tables go as a file part, a raw body or a frame)."""
    pipeline_bytes: int = Field(256 * KIB, ge=1)
    """The largest pipeline as JSON text: checking takes up to 8 ms a KiB, and every answer shows it."""
    decoded_bytes: int = Field(GIB, ge=1)
    """The largest input once decompressed and decoded."""
    compression_ratio: float = Field(200.0, ge=1)
    """The largest ratio of decompressed to compressed size, once `ratio_free_bytes` are exceeded."""
    ratio_free_bytes: int = Field(64 * MIB, ge=0)
    """Decompressed bytes below which no ratio is checked."""
    rows: int = Field(50_000_000, ge=1)
    """Rows of an input, a result, or a frame between steps."""
    columns: int = Field(10_000, ge=1)
    """Columns of an input, a result, or a frame between steps."""
    cell_bytes: int = Field(64 * MIB, ge=1)
    """The largest single value."""
    json_depth: int = Field(64, ge=4, le=512)
    """How deep JSON may nest."""
    steps: int = Field(200, ge=1)
    """Steps of a pipeline."""
    inputs: int = Field(16, ge=1)
    """Inputs of a job."""
    queued_jobs: int = Field(1_000_000, ge=1)
    """Unfinished jobs in the queue before submits are answered 503."""


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


class ClientSettings(Section):
    """Whom the command line calls (`framequeue submit`, `show`, `transforms`)."""

    url: str = Field("http://127.0.0.1:8000", pattern=r"^https?://[^\s/]")
    """The base URL of the service."""
    key: SecretStr | None = None
    """The key to present, where the service wants one."""
