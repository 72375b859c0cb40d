"""The container's health check: asks an API, and looks at a worker's processes."""

import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path

import pytest

from config.sections import ApiSettings
from service.health_probe import complaint


class Livez(BaseHTTPRequestHandler):
    """Answers `/livez` with the status of its server."""

    def do_GET(self) -> None:
        self.send_response(self.server.answer if self.path == "/livez" else 404)
        self.end_headers()

    def log_message(self, *args: object) -> None:
        return


@pytest.fixture
def api() -> Iterator[HTTPServer]:
    with HTTPServer(("127.0.0.1", 0), Livez) as server:
        server.answer = 200
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        yield server
        server.shutdown()
        thread.join()


def proc(folder: Path, *argv: str, **states: str) -> Path:
    """A procfs with process 1 running `argv`, and `p7="Z 1"`: process 7 in state Z, a child of 1."""
    for pid, state in {"1": "S 0", **{name[1:]: state for name, state in states.items()}}.items():
        (folder / pid).mkdir()
        (folder / pid / "stat").write_text(f"{pid} (a) b) {state} 1 1 0")
    (folder / "1" / "cmdline").write_text("\0".join(["python", "/opt/framequeue/bin/framequeue", *argv, ""]))
    return folder


def test_an_api_that_answers_is_well(api: HTTPServer, tmp_path: Path) -> None:
    settings = ApiSettings(host="0.0.0.0", port=api.server_port)
    assert complaint(proc(tmp_path, "api"), settings) is None


def test_the_port_of_the_command_line_goes_first(api: HTTPServer, tmp_path: Path) -> None:
    assert (
        complaint(proc(tmp_path, "api", "--host=0.0.0.0", "--port", str(api.server_port)), ApiSettings(port=1)) is None
    )


def test_an_api_that_answers_badly_is_not_well(api: HTTPServer, tmp_path: Path) -> None:
    api.answer = 503
    assert complaint(proc(tmp_path, "up"), ApiSettings(port=api.server_port)) == "/livez answers 503"


def test_an_api_that_does_not_answer_is_not_well(tmp_path: Path) -> None:
    assert "no answer from 127.0.0.1:1" in (complaint(proc(tmp_path, "api"), ApiSettings(port=1)) or "")


@pytest.mark.parametrize("others", [{}, {"p7": "S 1"}, {"p7": "Z 5"}, {"p9": "T 0"}])
def test_a_worker_whose_processes_run_is_well(others: dict[str, str], tmp_path: Path) -> None:
    assert complaint(proc(tmp_path, "worker", **others), ApiSettings()) is None


@pytest.mark.parametrize("state", ["T", "Z"])
def test_a_worker_with_a_stopped_or_dead_child_is_not_well(state: str, tmp_path: Path) -> None:
    assert (
        complaint(proc(tmp_path, "worker", p7=f"{state} 1"), ApiSettings()) == f"process 7 'a) b' is in state {state}"
    )


def test_another_process_is_not_taken_for_ours(tmp_path: Path) -> None:
    assert "no framequeue api, worker, up" in (complaint(proc(tmp_path, "config"), ApiSettings()) or "")
