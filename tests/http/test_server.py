"""The API process: it answers on its socket, and ends with 0 on SIGTERM."""

import signal
import socket
import subprocess
import sys
import time
from pathlib import Path

import httpx

ROOT = Path(__file__).parents[2]
_SERVE = """
import sys
from config import load
from service.server import serve
serve(load(env_file=None, redis={"url": "redis://127.0.0.1:1"}), fd=int(sys.argv[1]))
"""


def alive(port: int, process: "subprocess.Popen[bytes]") -> httpx.Response:
    """The first answer of /livez, as soon as there is one."""
    until = time.monotonic() + 30
    while True:
        try:
            return httpx.get(f"http://127.0.0.1:{port}/livez", timeout=30)
        except httpx.TransportError:
            assert process.poll() is None
            assert time.monotonic() < until


def test_it_serves_a_socket_without_redis_and_ends_with_0() -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port, fd = listener.getsockname()[1], listener.fileno()
        process = subprocess.Popen([sys.executable, "-c", _SERVE, str(fd)], cwd=ROOT, pass_fds=[fd])
    try:
        answer = alive(port, process)
        assert (answer.status_code, answer.json()) == (200, {"alive": True})
        assert "server" not in answer.headers
        assert httpx.get(f"http://127.0.0.1:{port}/readyz", timeout=30).status_code == 503
        with httpx.Client() as kept:  # on one connection: without TCP_NODELAY every answer takes 40 ms
            took = [kept.get(f"http://127.0.0.1:{port}/livez").elapsed.total_seconds() for _ in range(20)]
        assert min(took) < 0.03
        body = {"pipeline": [], "inputs": {"x": {"records": [{"a": 1}]}}}
        refused = httpx.post(f"http://127.0.0.1:{port}/v1/jobs", json=body, timeout=30)
        assert (refused.status_code, refused.json()["code"]) == (503, "store.unavailable")
        process.send_signal(signal.SIGTERM)
        started = time.monotonic()
        assert process.wait(timeout=20) == 0
        assert time.monotonic() - started < 10
    finally:
        process.kill()
        process.wait()
