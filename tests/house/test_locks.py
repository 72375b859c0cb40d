"""The locks hold what `pyproject.toml` asks for, each file with its hashes; all without a network."""

import re
import tomllib
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name
from packaging.version import Version

from tests.house.sources import ROOT

PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
RUNTIME = PROJECT["project"]["dependencies"] + [
    one for extra in PROJECT["project"]["optional-dependencies"].values() for one in extra
]
DEV = RUNTIME + PROJECT["dependency-groups"]["dev"]
BUILD = PROJECT["build-system"]["requires"]
PIN = re.compile(
    r"^(?P<name>[A-Za-z0-9._-]+)(?:\[[^]]*\])?==(?P<version>[^\s;\\]+)(?P<rest>.*?)(?=^\S|\Z)", re.MULTILINE | re.DOTALL
)


def pins(lock: str) -> dict[str, set[Version]]:
    """What the lock holds; one name may have several versions, for several Pythons. Every pin must have a hash."""
    found: dict[str, set[Version]] = {}
    for pin in PIN.finditer((ROOT / lock).read_text(encoding="utf-8")):
        assert "--hash=sha256:" in pin["rest"], pin["name"]
        found.setdefault(canonicalize_name(pin["name"]), set()).add(Version(pin["version"]))
    return found


def unmet(asked: list[str], locked: dict[str, set[Version]]) -> list[str]:
    """The requirements that the lock does not meet."""
    requirements = [Requirement(text) for text in asked]
    return [
        str(one)
        for one in requirements
        if not (there := locked.get(canonicalize_name(one.name)))
        or not all(one.specifier.contains(version, prereleases=True) for version in there)
    ]


@pytest.mark.parametrize(
    ("asked", "lock"),
    [(RUNTIME, "requirements.lock"), (DEV, "requirements-dev.lock"), (BUILD, "requirements-build.lock")],
    ids=["runtime", "dev", "build"],
)
def test_the_lock_is_fresh(asked: list[str], lock: str) -> None:
    assert unmet(asked, pins(lock)) == [], "make lock writes it"


@pytest.mark.parametrize("lock", ["requirements.lock", "requirements-build.lock"])
def test_the_locks_agree(lock: str) -> None:
    whole = pins("requirements-dev.lock")
    assert {name: there for name, there in pins(lock).items() if whole.get(name) != there} == {}


def test_a_stale_lock_is_found() -> None:
    locked = {"pandas": {Version("2.9")}}
    assert unmet(["pandas>=3,<4", "rich"], locked) == ["pandas<4,>=3", "rich"]


def test_the_wheel_takes_every_room() -> None:
    rooms = PROJECT["tool"]["hatch"]["build"]["targets"]["wheel"]["packages"]
    assert rooms == ["config", "jobs", "service"]
    assert [room for room in rooms if not Path(ROOT / room / "py.typed").is_file()] == []
