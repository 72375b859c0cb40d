"""Settings: where they come from, and what a wrong one says."""

from pathlib import Path

import pytest
from pydantic import ValidationError

from config.settings import SettingsError, load, masked, names


def read(monkeypatch: pytest.MonkeyPatch, **variables: str) -> None:
    for name, value in variables.items():
        monkeypatch.setenv(name, value)


def test_the_environment_wins_over_the_file_and_the_file_over_the_default(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    file = tmp_path / ".env"
    file.write_text("FRAMEQUEUE_API__PORT=1111\nFRAMEQUEUE_WORKER__THREADS=3\nOTHER_PROGRAM=1\n")
    read(monkeypatch, FRAMEQUEUE_API__PORT="2222")
    settings = load(env_file=file)
    assert (settings.api.port, settings.worker.threads, settings.worker.lease_s) == (2222, 3, 10.0)


@pytest.mark.parametrize(
    ("name", "value", "says"),
    [
        ("FRAMEQUEUE_WORKER__THRADS", "3", "FRAMEQUEUE_WORKER__THRADS; did you mean FRAMEQUEUE_WORKER__THREADS?"),
        ("FRAMEQUEUE_WORKERS", "3", "unknown setting FRAMEQUEUE_WORKERS"),
        ("FRAMEQUEUE_WORKER__THREADS", "many", "FRAMEQUEUE_WORKER__THREADS: .*integer.*'many'"),
        ("FRAMEQUEUE_API__PORT", "70000", "FRAMEQUEUE_API__PORT"),
        ("FRAMEQUEUE_AUTH__KEYS", '[{"sha256": "x", "tenant": "t", "scopes": []}]', r"FRAMEQUEUE_AUTH__KEYS\[0\]"),
        ("FRAMEQUEUE_AUTH__KEYS", "no json", "FRAMEQUEUE_AUTH__KEYS: it must be a JSON list"),
        ("FRAMEQUEUE_LOG__LEVEL", "loud", "FRAMEQUEUE_LOG__LEVEL"),
    ],
)
def test_a_wrong_setting_is_one_line_that_names_it(
    monkeypatch: pytest.MonkeyPatch, name: str, value: str, says: str
) -> None:
    read(monkeypatch, **{name: value})
    with pytest.raises(SettingsError, match=says) as caught:
        load(env_file=None)
    assert "\n" not in str(caught.value)


def test_an_unknown_name_in_the_file_is_refused_too(tmp_path: Path) -> None:
    file = tmp_path / ".env"
    file.write_text("FRAMEQUEUE_API__PROT=1\n")
    with pytest.raises(SettingsError, match="FRAMEQUEUE_API__PROT"):
        load(env_file=file)


def test_redis_url_is_honoured_and_our_own_name_wins(monkeypatch: pytest.MonkeyPatch) -> None:
    read(monkeypatch, REDIS_URL="redis://a:1/0")
    first = load(env_file=None).redis.url
    read(monkeypatch, FRAMEQUEUE_REDIS__URL="redis://b:1/0")
    second = load(env_file=None).redis.url
    assert first is not None
    assert second is not None
    assert (first.get_secret_value(), second.get_secret_value()) == ("redis://a:1/0", "redis://b:1/0")


def test_modules_are_a_comma_separated_list(monkeypatch: pytest.MonkeyPatch) -> None:
    read(monkeypatch, FRAMEQUEUE_TRANSFORMS__MODULES="examples.transforms, other")
    assert load(env_file=None).transforms.modules == ("examples.transforms", "other")


def test_secrets_are_masked(monkeypatch: pytest.MonkeyPatch) -> None:
    read(monkeypatch, REDIS_URL="redis://:hunter2@a:1/0")
    shown = masked(load(env_file=None))
    assert shown.keys() == names().keys()
    assert "hunter2" not in str(shown)
    assert shown["FRAMEQUEUE_REDIS__URL"] != ""


def test_settings_are_frozen() -> None:
    settings = load(env_file=None)
    with pytest.raises(ValidationError):
        settings.api.port = 1  # type: ignore[misc]  # that it is refused is the test
