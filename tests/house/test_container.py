"""The image and the compose file: not root, watched, closed by default, and made of files that exist."""

import re
from typing import Any

import pytest
import yaml

from config.settings import load, names
from tests.house.sources import ROOT

DOCKERFILE = (ROOT / "Dockerfile").read_text(encoding="utf-8").replace("\\\n", " ")
FINAL = DOCKERFILE[DOCKERFILE.rindex("\nFROM ") :]
COMPOSE: dict[str, Any] = yaml.safe_load((ROOT / "compose.yaml").read_text(encoding="utf-8"))
SERVICES: dict[str, dict[str, Any]] = COMPOSE["services"]
OURS = ("api", "worker")


def seconds(text: str) -> float:
    """`30s` as 30."""
    match = re.fullmatch(r"(\d+)s", text)
    assert match, text
    return float(match[1])


@pytest.mark.parametrize(
    "line",
    [
        r"USER [1-9]\d*:[1-9]\d*",
        r"HEALTHCHECK .*python.*service\.health_probe.*",
        r"STOPSIGNAL SIGTERM",
        r'ENTRYPOINT \["framequeue"\]',
        r'CMD \["api"\]',
    ],
)
def test_the_image_has(line: str) -> None:
    assert re.search(rf"^{line}$", FINAL, re.MULTILINE)


def test_every_stage_is_built_on_the_image_that_the_caller_names() -> None:
    assert set(re.findall(r"^FROM (\S+)", DOCKERFILE, re.MULTILINE)) == {"${PYTHON_IMAGE}"}


def test_whatever_is_installed_has_a_hash_or_is_our_wheel() -> None:
    installs = re.findall(r"pip [^&\n]* install [^&\n]*", DOCKERFILE)
    assert len(installs) == 3
    assert [one for one in installs if "--require-hashes" not in one and "--no-index" not in one] == []


def test_the_image_sets_only_settings_that_exist_and_leaves_auth_alone() -> None:
    ours = set(re.findall(r"\b(FRAMEQUEUE_\w+)=", FINAL))
    assert ours <= names().keys()
    assert not [name for name in ours if "_AUTH__" in name]


def test_what_is_copied_exists_and_is_not_ignored() -> None:
    copied = {
        source
        for words in re.findall(r"^COPY (?!--from)(.+)$", DOCKERFILE, re.MULTILINE)
        for source in words.split()[:-1]
    }
    let_through = {line[1:] for line in (ROOT / ".dockerignore").read_text().splitlines() if line.startswith("!")}
    assert copied == let_through
    assert [source for source in copied if not (ROOT / source).exists()] == []


def test_compose_sets_only_what_exists() -> None:
    set_here = {name for service in SERVICES.values() for name in service.get("environment", {})}
    assert set_here <= names().keys() | {"REDIS_URL"}


@pytest.mark.parametrize("name", SERVICES)
def test_each_service_is_confined(name: str) -> None:
    service = SERVICES[name]
    assert service["read_only"] is True
    assert service["cap_drop"] == ["ALL"]
    assert service["tmpfs"] == ["/tmp"]


def test_redis_keeps_what_it_was_given() -> None:
    words = SERVICES["redis"]["command"]
    options = dict(zip(words[1::2], words[2::2], strict=True))
    assert (options["--appendonly"], options["--maxmemory-policy"]) == ("yes", "noeviction")
    assert SERVICES["redis"]["volumes"] == ["redis-data:/data"]
    assert "redis-data" in COMPOSE["volumes"]


def test_api_and_worker_wait_for_a_healthy_redis() -> None:
    assert SERVICES["redis"]["healthcheck"]["test"]
    for name in OURS:
        assert SERVICES[name]["depends_on"]["redis"]["condition"] == "service_healthy"
        assert "healthcheck" not in SERVICES[name], "the image's own"


def test_an_open_api_is_published_on_this_machine_only() -> None:
    assert SERVICES["api"]["environment"]["FRAMEQUEUE_AUTH__MODE"] == "none"
    assert all(port.startswith("127.0.0.1:") for port in SERVICES["api"]["ports"])


def test_the_worker_is_given_the_time_it_drains() -> None:
    assert seconds(SERVICES["worker"]["stop_grace_period"]) > load(env_file=None).worker.drain_s
