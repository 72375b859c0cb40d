"""`.ci/setup`: finds a Python, heals what was left half made, and does nothing the second time."""

import os
import shutil
import stat
import subprocess
import sys
from pathlib import Path

import pytest

from tests.house.sources import ROOT

# what a POSIX system has beside a Python
TOOLS = ["sh", "cat", "cksum", "dirname", "head", "mkdir", "rm", "ln"]
UV = """#!/bin/sh
echo "$@" >>uv.log
case "$1 $2" in
  "venv "*) mkdir -p .venv/bin; ln -sf "$REAL" .venv/bin/python ;;
  "pip sync") [ ! -e fail ] ;;
esac
"""


class Checkout:
    """A folder with the script and what it reads, and a PATH of which everything is known."""

    def __init__(self, folder: Path) -> None:
        self.folder, self.bin = folder / "checkout", folder / "bin"
        (self.folder / ".ci").mkdir(parents=True)
        self.bin.mkdir()
        for name in [".ci/setup", "pyproject.toml", "requirements-dev.lock"]:
            shutil.copy(ROOT / name, self.folder / name)
        for tool in TOOLS:
            (self.bin / tool).symlink_to(shutil.which(tool) or "")

    def command(self, name: str, script: str) -> None:
        """Put a command on PATH."""
        path = self.bin / name
        path.write_text(script)
        path.chmod(path.stat().st_mode | stat.S_IXUSR)

    def setup(self, **variables: str) -> subprocess.CompletedProcess[str]:
        environment = {"PATH": str(self.bin), "REAL": sys.executable, **variables}
        return subprocess.run(
            [".ci/setup"], cwd=self.folder, env=environment, capture_output=True, text=True, check=False
        )

    def calls(self) -> list[str]:
        """What uv was asked for since the last time."""
        log = self.folder / "uv.log"
        lines = log.read_text().splitlines() if log.exists() else []
        log.unlink(missing_ok=True)
        return [" ".join(line.split()[:2]) if line.startswith("pip") else line.split()[0] for line in lines]


@pytest.fixture
def checkout(tmp_path: Path) -> Checkout:
    return Checkout(tmp_path)


@pytest.fixture
def with_uv(checkout: Checkout) -> Checkout:
    checkout.command("python3", f'#!/bin/sh\nexec "{sys.executable}" "$@"\n')
    checkout.command("uv", UV)
    return checkout


def test_no_python_is_one_line(checkout: Checkout) -> None:
    checkout.command("python3", "#!/bin/sh\nexit 1\n")
    ended = checkout.setup()
    assert ended.returncode == 1
    assert ended.stderr.startswith("setup: no Python >= 3.11 found on PATH")
    assert len(ended.stderr.splitlines()) == 1


def test_an_unsuitable_python_of_the_caller_is_named(checkout: Checkout) -> None:
    checkout.command("python3", f'#!/bin/sh\nexec "{sys.executable}" "$@"\n')
    checkout.command("python2", '#!/bin/sh\n[ "$1" = --version ] && echo Python 2.7.18 && exit 0\nexit 1\n')
    ended = checkout.setup(PYTHON="python2")
    assert (ended.returncode, ended.stderr) == (1, "setup: PYTHON=python2 is no Python >= 3.11 (Python 2.7.18)\n")


def test_a_python_without_ensurepip_names_the_package(checkout: Checkout) -> None:
    checkout.command("python3", f'#!/bin/sh\ncase "$2" in *ensurepip*) exit 1 ;; esac\nexec "{sys.executable}" "$@"\n')
    ended = checkout.setup()
    version = f"{sys.version_info.major}.{sys.version_info.minor}"
    assert ended.returncode == 1
    assert ended.stderr == f"setup: python3 has no ensurepip; on Debian and Ubuntu: apt install python{version}-venv\n"


def test_the_second_call_does_nothing(with_uv: Checkout) -> None:
    first = with_uv.setup()
    assert (first.returncode, len(first.stderr.splitlines())) == (0, 1), first.stderr
    assert with_uv.calls() == ["venv", "pip sync", "pip install"]
    second = with_uv.setup()
    assert (second.returncode, second.stdout, second.stderr, with_uv.calls()) == (0, "", "", [])


def test_a_changed_lock_is_installed_into_the_same_environment(with_uv: Checkout) -> None:
    with_uv.setup()
    with_uv.calls()
    with (with_uv.folder / "requirements-dev.lock").open("a") as lock:
        lock.write("# changed\n")
    assert with_uv.setup().returncode == 0
    assert with_uv.calls() == ["pip sync", "pip install"]


def test_what_was_left_half_made_is_made_anew(with_uv: Checkout) -> None:
    (with_uv.folder / "fail").touch()
    assert with_uv.setup().returncode != 0
    (with_uv.folder / "fail").unlink()
    with_uv.calls()
    (with_uv.folder / ".venv" / "left over").touch()
    assert with_uv.setup().returncode == 0
    assert with_uv.calls() == ["venv", "pip sync", "pip install"]
    assert not (with_uv.folder / ".venv" / "left over").exists()


@pytest.mark.parametrize("damage", ["python gone", "folder moved"])
def test_a_broken_environment_is_made_anew(with_uv: Checkout, damage: str) -> None:
    with_uv.setup()
    with_uv.calls()
    if damage == "python gone":
        (with_uv.folder / ".venv" / "bin" / "python").unlink()
    else:
        with_uv.folder = with_uv.folder.rename(with_uv.folder.with_name("moved"))
    assert with_uv.setup().returncode == 0
    assert with_uv.calls() == ["venv", "pip sync", "pip install"]


def test_ci_runs_make_check() -> None:
    run = ROOT / ".ci" / "run"
    assert os.access(run, os.X_OK)
    assert subprocess.run(["bash", "-n", run], check=False).returncode == 0
    assert "make check" in run.read_text()
