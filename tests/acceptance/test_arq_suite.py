"""ARQ's own tests, from its source distribution, pass against framequeue's `Worker` and `Redis` on a real Valkey."""

import hashlib
import os
import re
import shutil
import subprocess
import sys
import tarfile
from pathlib import Path

import pytest

from tests.acceptance.mortal import Server

ROOT = Path(__file__).parents[2]
FOLDER = Path(__file__).parent
WANTED = FOLDER / "arq-tests.txt"
CACHE = ROOT / "build" / "arq-tests"
_DIES = "demands that a round of the worker raises when the connection is lost; ours waits for Redis instead"
_KEYS = "lists every key there is; ours has two more: the queue's wake token, and the workers that are present"
LEFT_OUT = {
    "test_worker.py::test_worker_retry": _DIES,
    "test_worker.py::test_worker_crash": _DIES,
    "test_worker.py::test_set_health_check_key": _KEYS,
    "test_worker.py::test_remain_keys": _KEYS,
    "test_worker.py::test_remain_keys_no_results": _KEYS,
    "test_worker.py::test_remain_keys_keep_results_forever": _KEYS,
    "test_worker.py::test_remain_keys_keep_results_forever_in_function": _KEYS,
}
_INI = "[pytest]\nasyncio_mode = auto\nasyncio_default_fixture_loop_scope = function\ntimeout = 60\n"


def wanted() -> tuple[str, str]:
    """The file's name and its SHA-256."""
    found = re.search(r"^(\w+)==(\S+) --hash=sha256:(\w+)$", WANTED.read_text(encoding="utf-8"), re.MULTILINE)
    assert found is not None
    return f"{found[1]}-{found[2]}.tar.gz", found[3]


def pip() -> list[str]:
    """The environment's pip; one that uv made has none, but then there is uv."""
    own = [sys.executable, "-m", "pip"]
    if subprocess.run([*own, "--version"], check=False, capture_output=True).returncode == 0:
        return own
    return ["uv", "tool", "run", "--with", "hatchling", "pip"]


@pytest.fixture(scope="module")
def distribution() -> Path:
    """The source distribution, downloaded once and checked each time."""
    name, digest = wanted()
    path = CACHE / name
    if not path.exists():
        # hatchling is in our own environment: without isolation it is not downloaded for the file's metadata
        how = ["download", "--quiet", "--no-deps", "--no-build-isolation", "--no-binary", ":all:", "--require-hashes"]
        command = [*pip(), *how, "--dest", str(CACHE), "--requirement", str(WANTED)]
        done = subprocess.run(command, check=False, capture_output=True, text=True)
        assert done.returncode == 0, f"{name} could not be downloaded: {done.stderr[-2000:]}"
    assert hashlib.sha256(path.read_bytes()).hexdigest() == digest, f"{path} is not the file it should be; remove it"
    return path


@pytest.fixture
def suite(distribution: Path, tmp_path: Path) -> Path:
    """A folder with ARQ's tests in it, and nothing else of ARQ: the installed one is meant."""
    with tarfile.open(distribution) as archive:
        archive.extractall(tmp_path, filter="data")
    folder = tmp_path / "suite"
    shutil.copytree(tmp_path / distribution.name.removesuffix(".tar.gz") / "tests", folder / "tests")
    (folder / "pytest.ini").write_text(_INI, encoding="utf-8")
    return folder


def run(suite: Path, server: str, *options: str) -> subprocess.CompletedProcess[str]:
    """ARQ's tests, in a process of their own."""
    left_out = [f"--deselect=tests/{name}" for name in LEFT_OUT]
    return subprocess.run(
        [sys.executable, "-m", "pytest", "-q", "-ra", "-p", "arq_on_framequeue", *left_out, *options, "tests"],
        check=False,
        cwd=suite,
        env={
            **os.environ,
            "ARQ_TEST_VALKEY": server,
            # `-m pytest` puts the suite's folder before these: `tests` is ARQ's package there
            "PYTHONPATH": os.pathsep.join([str(FOLDER / "arq_suite"), str(ROOT)]),
        },
        capture_output=True,
        text=True,
        timeout=200,
    )


@pytest.mark.timeout(600)
def test_arq_s_own_tests_pass(suite: Path, tmp_path: Path) -> None:
    server = Server(tmp_path / "valkey")
    try:
        done = run(suite, f"127.0.0.1:{server.port}")
        ran = sum(int(number) for number in re.findall(r"(\d+) (?:passed|failed)", done.stdout))
        assert ran >= 160, done.stdout[-6000:] + done.stderr[-2000:]
        for _ in range(2):
            if done.returncode == 0:
                break
            # some of them allow a millisecond, or a tenth of a second: on a busy machine they get another try
            done = run(suite, f"127.0.0.1:{server.port}", "--last-failed")
    finally:
        server.kill()
    assert done.returncode == 0, done.stdout[-6000:] + done.stderr[-2000:]


def test_what_is_left_out_is_there(suite: Path) -> None:
    written = "".join(path.read_text(encoding="utf-8") for path in (suite / "tests").glob("test_*.py"))
    assert [name for name in LEFT_OUT if f"def {name.rpartition(':')[2]}(" not in written] == []
