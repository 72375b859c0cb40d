"""The settings, read once: `load()` is the only reader of the environment.

Every setting is `FRAMEQUEUE_<SECTION>__<NAME>` in the environment or in a `.env` file; `REDIS_URL` is honoured too.
"""

import difflib
import json
import os
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from dotenv import dotenv_values
from pydantic import BaseModel, Field, SecretStr, ValidationError
from pydantic_settings import BaseSettings, SettingsConfigDict
from pydantic_settings import SettingsError as SourceError

from config.sections import (
    ApiSettings,
    AuthSettings,
    ClientSettings,
    JobSettings,
    LimitSettings,
    LogSettings,
    QuotaSettings,
    RedisSettings,
    TelemetrySettings,
    TransformSettings,
    WebhookSettings,
    WorkerSettings,
)

PREFIX = "FRAMEQUEUE_"
_DELIMITER = "__"
# set by `framequeue up` and the supervisor for their own children, not by people: not settings
INTERNAL_NAMES = frozenset({"FRAMEQUEUE_LEASH_FD", "FRAMEQUEUE_LINK_FD", "FRAMEQUEUE_STANDBY", "FRAMEQUEUE_SUPERVISOR"})


class SettingsError(ValueError):
    """A setting that does not exist or cannot be what it is; the message is one line that names it."""


class Settings(BaseSettings):
    """All settings, frozen."""

    model_config = SettingsConfigDict(
        env_prefix=PREFIX,
        env_nested_delimiter=_DELIMITER,
        env_ignore_empty=True,  # so that what `framequeue config` prints can be read again
        frozen=True,
        extra="ignore",  # of a shared .env file; names with our prefix are checked in load()
        use_attribute_docstrings=True,
    )

    data_dir: Path = Path(".framequeue")
    """Where the embedded Valkey keeps its append-only file."""
    redis: RedisSettings = Field(default_factory=RedisSettings)
    api: ApiSettings = Field(default_factory=ApiSettings)
    auth: AuthSettings = Field(default_factory=AuthSettings)
    worker: WorkerSettings = Field(default_factory=WorkerSettings)
    jobs: JobSettings = Field(default_factory=JobSettings)
    limits: LimitSettings = Field(default_factory=LimitSettings)
    quotas: QuotaSettings = Field(default_factory=QuotaSettings)
    transforms: TransformSettings = Field(default_factory=TransformSettings)
    webhooks: WebhookSettings = Field(default_factory=WebhookSettings)
    log: LogSettings = Field(default_factory=LogSettings)
    telemetry: TelemetrySettings = Field(default_factory=TelemetrySettings)
    client: ClientSettings = Field(default_factory=ClientSettings)


def load(env_file: Path | None = Path(".env"), **overrides: Any) -> Settings:
    """The effective settings: defaults, then `env_file`, then the environment, then `overrides` (sections as dicts).

    Raises SettingsError with one line that names the setting which is unknown or wrong.
    """
    _refuse_unknown_names(env_file)
    try:
        settings = Settings(_env_file=env_file, **overrides)
    except ValidationError as error:
        raise SettingsError(_one_line(error)) from None
    except SourceError as error:
        raise SettingsError(_not_json(env_file) or str(error)) from None
    return _with_redis_url(settings, env_file)


def names() -> dict[str, tuple[str, Any]]:
    """Every setting's environment name, with its path (`worker.threads`) and its default."""
    return {PREFIX + path.replace(".", _DELIMITER).upper(): (path, default) for path, default in _leaves(Settings)}


def masked(settings: Settings) -> dict[str, str]:
    """The effective values by environment name, secrets masked."""
    plain = {}
    for name, (path, _) in names().items():
        value: Any = settings
        for part in path.split("."):
            value = getattr(value, part)
        plain[name] = _shown(path, value)
    return plain


def _shown(path: str, value: Any) -> str:
    if isinstance(value, SecretStr) or (path in {"auth.keys", "webhooks.secrets"} and value):
        return "********"
    if isinstance(value, tuple | dict):
        return json.dumps(value)
    return "" if value is None else str(value)


def _leaves(model: type[BaseModel], prefix: str = "") -> Iterator[tuple[str, Any]]:
    for name, field in model.model_fields.items():
        annotation = field.annotation
        if isinstance(annotation, type) and issubclass(annotation, BaseModel):
            yield from _leaves(annotation, f"{prefix}{name}.")
        else:
            yield f"{prefix}{name}", field.get_default(call_default_factory=False)


def _variables(env_file: Path | None) -> Mapping[str, str | None]:
    from_file = dotenv_values(env_file) if env_file and env_file.is_file() else {}
    return {**from_file, **os.environ}


def _refuse_unknown_names(env_file: Path | None) -> None:
    known = names()
    sections = {path.split(".")[0] for path, _ in known.values() if "." in path}
    whole_sections = {PREFIX + section.upper() for section in sections}
    for name in _variables(env_file):
        upper = name.upper()
        if upper.startswith(PREFIX) and upper not in known and upper not in whole_sections | INTERNAL_NAMES:
            near = difflib.get_close_matches(upper, known, n=1)
            hint = f"; did you mean {near[0]}?" if near else "; `framequeue config` lists the settings"
            raise SettingsError(f"unknown setting {name}{hint}")


def _one_line(error: ValidationError) -> str:
    first = error.errors()[0]
    path = [str(part) for part in first["loc"]]
    name = PREFIX + _DELIMITER.join(path[:2]).upper() + "".join(f"[{part}]" for part in path[2:])
    # a URL may carry a password, and a whole section such a URL
    hidden = path[-1] == "url" or "secrets" in path or not isinstance(first["input"], str | int | float)
    got = "" if hidden else f" (got {str(first['input'])[:80]!r})"
    return f"setting {name}: {first['msg'].removeprefix('Value error, ')}{got}"


def _not_json(env_file: Path | None) -> str | None:
    """The line for what must be JSON and is not: the source itself names only its section."""
    defaults = {name: default for name, (_, default) in names().items() if isinstance(default, tuple | dict)}
    written = {name: "list" if isinstance(one, tuple) else "object" for name, one in defaults.items()}
    for name, value in _variables(env_file).items():
        if name.upper() in written:
            try:
                json.loads(value or "")
            except ValueError as error:
                return f"setting {name}: it must be a JSON {written[name.upper()]} ({error})"
    return None


def _with_redis_url(settings: Settings, env_file: Path | None) -> Settings:
    url = _variables(env_file).get("REDIS_URL")
    if not url or settings.redis.url is not None:
        return settings
    try:  # a copy alone would not be checked
        redis = RedisSettings(**settings.redis.model_dump() | {"url": url})
    except ValidationError as error:
        reason = error.errors()[0]["msg"].removeprefix("Value error, ")
        raise SettingsError(f"setting REDIS_URL: {reason}") from None
    return settings.model_copy(update={"redis": redis})
