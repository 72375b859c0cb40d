"""The settings of webhooks: secrets are checked when they are read, and never shown."""

import json
from collections.abc import Callable

import pytest

from config import Settings, SettingsError
from config.settings import load, masked
from jobs.webhooks.signing import new_secret

NAME = "FRAMEQUEUE_WEBHOOKS__SECRETS"
# a fixed one: it names a test, and every process that runs tests has to find the same ones
SECRET = "whsec_" + "QUJDREVGR0hJSktMTU5PUFFSU1RVVldYWVphYmNkZWY="


def test_secrets_and_hosts_come_from_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    old, new = new_secret(), new_secret()
    monkeypatch.setenv(NAME, json.dumps({"Acme.Inc": [old, new], "b": [new]}))
    monkeypatch.setenv("FRAMEQUEUE_WEBHOOKS__ALLOW_HOSTS", "hooks.example.com, *.example.org,127.0.0.1")
    ours = load(env_file=None)
    assert [one.get_secret_value() for one in ours.webhooks.secrets["Acme.Inc"]] == [old, new]
    assert ours.webhooks.allow_hosts == ("hooks.example.com", "*.example.org", "127.0.0.1")
    assert masked(ours)[NAME] == "********"
    assert old not in repr(ours)
    assert new not in str(masked(ours))


def test_hosts_may_be_json(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FRAMEQUEUE_WEBHOOKS__ALLOW_HOSTS", '["::1", "*"]')
    assert load(env_file=None).webhooks.allow_hosts == ("::1", "*")


@pytest.mark.parametrize(
    "text",
    [
        "whsec_abc",
        '["whsec_abc"]',
        '{"t": []}',
        '{"t": "whsec_"}',
        '{"t": ["whsec_SGVsbG8="]}',
        '{"t": ["whsec_not/base64!!!"]}',
        '{"t": [123]}',
        '{"a b": ["' + SECRET + '"]}',
        '{"t": ["' + SECRET.removeprefix("whsec_") + '"]}',
    ],
)
def test_what_is_no_secret_stops_the_start_and_is_not_repeated(monkeypatch: pytest.MonkeyPatch, text: str) -> None:
    monkeypatch.setenv(NAME, text)
    with pytest.raises(SettingsError) as caught:
        load(env_file=None)
    assert NAME in str(caught.value)
    assert "\n" not in str(caught.value)
    assert "SGVsbG8" not in str(caught.value)
    assert "not/base64" not in str(caught.value)


@pytest.mark.parametrize("host", ["https://example.com", "10.0.0.0/8", "a@b", "*.*", "a b", "ex*mple.com", "ü..de"])
def test_what_is_no_host_stops_the_start(settings: Callable[..., Settings], host: str) -> None:
    with pytest.raises(SettingsError, match="ALLOW_HOSTS"):
        settings(webhooks={"allow_hosts": [host]})


def test_without_secrets_nothing_is_shown(settings: Callable[..., Settings]) -> None:
    assert masked(settings())[NAME] == "{}"
