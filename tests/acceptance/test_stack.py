"""`framequeue up` with real processes: up, work, down, and whatever kills it."""

import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx
import pytest

from jobs.worker.standby import WORKER_NAME
from service.stack.patience import Patience

RECORDS = [{"region": "N", "amount": 2}, {"region": "S", "amount": 3}, {"region": "N", "amount": 5}]
JOB = {
    "pipeline": [
        {"op": "groupby", "by": ["region"], "agg": {"total": ["amount", "sum"]}},
        {"op": "sort_values", "by": "region"},
    ],
    "inputs": {"df": {"records": RECORDS}},
}
RESULT = [{"region": "N", "total": 7}, {"region": "S", "total": 3}]


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def environment() -> dict[str, str]:
    ours = ("FRAMEQUEUE_", "REDIS_URL")
    return {name: value for name, value in os.environ.items() if not name.startswith(ours)}


def descendants(pid: int) -> set[int]:
    """All processes below `pid`, by the process table."""
    listing = subprocess.run(["ps", "-A", "-o", "pid=,ppid="], capture_output=True, text=True, check=True).stdout
    children: dict[int, list[int]] = {}
    for line in listing.splitlines():
        child, parent = map(int, line.split())
        children.setdefault(parent, []).append(child)
    found, to_visit = set(), [pid]
    while to_visit:
        below = children.get(to_visit.pop(), [])
        found.update(below)
        to_visit += below
    return found


def running(pids: set[int]) -> set[int]:
    listing = subprocess.run(["ps", "-A", "-o", "pid=,stat="], capture_output=True, text=True, check=True).stdout
    return pids & {int(line.split()[0]) for line in listing.splitlines() if not line.split()[1].startswith("Z")}


def wait_until(condition, seconds: float) -> bool:
    deadline = time.monotonic() + seconds
    while not (met := condition()) and time.monotonic() < deadline:
        time.sleep(0.05)
    return met


def process_of(pids: set[int], word: str) -> int:
    """The one process among `pids` whose name or command line has `word`."""
    listing = subprocess.run(["ps", "-A", "-o", "pid=,comm=,args="], capture_output=True, text=True, check=True).stdout
    lines = (line.split(None, 1) for line in listing.splitlines())
    return next(int(pid) for pid, command in lines if int(pid) in pids and word in command)


class Up:
    """A `framequeue up` and everything below it."""

    def __init__(self, folder: Path, extra: dict[str, str] | None = None) -> None:
        self.port = free_port()
        self.url = f"http://127.0.0.1:{self.port}"
        self.log = folder / f"up-{self.port}.log"
        with self.log.open("wb") as log:
            self.process = subprocess.Popen(
                [
                    sys.executable,
                    "-m",
                    "service.cli",
                    "up",
                    "--port",
                    str(self.port),
                    "--data-dir",
                    str(folder / "data"),
                ],
                stdout=log,
                stderr=log,
                stdin=subprocess.DEVNULL,
                env=environment() | (extra or {}),
                start_new_session=True,
            )

    def wait_ready(self) -> None:
        assert wait_until(lambda: "is up" in self.output() or self.process.poll() is not None, 60), self.output()
        assert self.process.poll() is None, self.output()

    def output(self) -> str:
        return self.log.read_text("utf-8")

    def family(self) -> set[int]:
        return descendants(self.process.pid)

    def stop(self, number: int = signal.SIGTERM) -> int:
        self.process.send_signal(number)
        return self.process.wait(40)


@contextmanager
def up(folder: Path, extra: dict[str, str] | None = None) -> Iterator[Up]:
    stack = Up(folder, extra)
    family: set[int] = set()
    try:
        stack.wait_ready()
        family = stack.family()
        yield stack
    finally:
        if stack.process.poll() is None:
            family |= stack.family()
            stack.process.kill()
            stack.process.wait()
        if not wait_until(lambda: not running(family), 10):
            for pid in running(family):
                os.kill(pid, signal.SIGKILL)


def submit(url: str, wait_s: int = 20) -> dict:
    answer = httpx.post(f"{url}/v1/jobs", json=JOB, headers={"Prefer": f"wait={wait_s}"} if wait_s else {}, timeout=30)
    assert answer.is_success, answer.text
    return answer.json()


def result(url: str, job_id: str) -> list[dict]:
    assert wait_until(lambda: httpx.get(f"{url}/v1/jobs/{job_id}").json()["state"] in ("succeeded", "failed"), 40)
    answer = httpx.get(f"{url}/v1/jobs/{job_id}/result", headers={"Accept": "application/json"})
    assert answer.status_code == 200, answer.text
    return answer.json()


def test_it_starts_works_and_stops_without_a_trace(tmp_path):
    with up(tmp_path) as stack:
        family = stack.family()
        assert len(family) >= 3, "API, worker and Valkey"
        assert submit(stack.url)["state"] == "succeeded"
        assert stack.stop() == 0, stack.output()
        assert not running(family)
    assert "--password" not in stack.output()
    assert "loading its data" not in stack.output(), "nothing that is over at once is worth a line"


def test_ctrl_c_stops_it_too_and_results_outlive_a_restart(tmp_path):
    with up(tmp_path) as stack:
        job = submit(stack.url)
        assert stack.stop(signal.SIGINT) == 0, stack.output()
    with up(tmp_path) as again:
        assert result(again.url, job["id"]) == RESULT


def test_killed_it_leaves_nothing_running(tmp_path):
    with up(tmp_path) as stack:
        family = stack.family()
        stack.process.kill()
        stack.process.wait()
        assert wait_until(lambda: not running(family), 5), running(family)


def test_a_second_signal_hurries_and_the_job_runs_again_later(tmp_path):
    napping = {"FRAMEQUEUE_TRANSFORMS__MODULES": "tests.acceptance.own"}
    spec = {"pipeline": [{"op": "nap", "seconds": 15}], "inputs": {"df": {"records": RECORDS}}}
    with up(tmp_path, napping) as stack:
        job = httpx.post(f"{stack.url}/v1/jobs", json=spec, timeout=30).json()
        assert wait_until(lambda: httpx.get(f"{stack.url}/v1/jobs/{job['id']}").json()["state"] == "running", 20)
        family = stack.family()
        stack.process.send_signal(signal.SIGTERM)
        assert wait_until(lambda: "stopping" in stack.output(), 10)
        asked = time.monotonic()
        assert stack.stop() == 0, stack.output()
        assert time.monotonic() - asked < 10
        assert not running(family)
    with up(tmp_path, napping) as again:
        state = httpx.get(f"{again.url}/v1/jobs/{job['id']}").json()["state"]
        assert state in {"queued", "running"}


def test_a_job_survives_the_death_of_everything_right_after_its_202(tmp_path):
    with up(tmp_path) as stack:
        family = stack.family()
        job = submit(stack.url, wait_s=0)
        for name in ("cli.api", "cli.worker"):
            os.kill(process_of(family, name), signal.SIGKILL)
        stack.process.kill()
        stack.process.wait()
        assert wait_until(lambda: not running(family), 5)
    with up(tmp_path) as again:
        assert result(again.url, job["id"]) == RESULT


@pytest.mark.parametrize("name", ["cli.api", WORKER_NAME])
def test_a_process_that_dies_is_started_again(tmp_path, name):
    with up(tmp_path) as stack:
        assert submit(stack.url)["state"] == "succeeded"
        first = process_of(stack.family(), name)
        os.kill(first, signal.SIGKILL)
        assert wait_until(lambda: "starting it again" in stack.output(), 10), stack.output()
        assert "was ended by SIGKILL" in stack.output()
        assert wait_until(lambda: answers(stack.url), 40), stack.output()
        assert submit(stack.url)["state"] == "succeeded"
        assert process_of(stack.family(), name) != first


def answers(url: str) -> bool:
    try:
        return httpx.get(f"{url}/readyz", timeout=5).status_code == 200
    except httpx.TransportError:
        return False


def test_a_second_one_on_the_same_data_says_so_in_one_line(tmp_path):
    with up(tmp_path) as stack:
        place = ["--port", str(stack.port), "--data-dir", str(tmp_path / "data")]
        command = [sys.executable, "-m", "service.cli", "up", *place]
        second = subprocess.run(command, capture_output=True, text=True, env=environment(), timeout=60, check=False)
        assert second.returncode == 1
        assert f"is in use by process {stack.process.pid}" in second.stderr, (
            "told before the port, which is in use, too"
        )
        assert len(second.stderr.splitlines()) == 1
        assert submit(stack.url)["state"] == "succeeded"


def test_only_what_takes_its_time_is_told():
    said: list[str] = []
    with Patience(said.append, after_s=0.01) as say:
        say("slow")
        assert wait_until(lambda: said, 10)
    with Patience(said.append, after_s=0.2) as say:
        say("quick")
    assert not wait_until(lambda: len(said) > 1, 0.4)
    assert said == ["slow"]


def test_a_port_in_use_is_one_line_that_suggests_another(tmp_path):
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = str(taken.getsockname()[1])
        command = [sys.executable, "-m", "service.cli", "up", "--port", port, "--data-dir", str(tmp_path)]
        refused = subprocess.run(command, capture_output=True, text=True, env=environment(), timeout=60, check=False)
    assert refused.returncode == 1
    assert port in refused.stderr
    assert "--port" in refused.stderr
    assert len(refused.stderr.splitlines()) == 1


def test_open_to_others_without_keys_is_refused_before_anything_starts(tmp_path):
    data = tmp_path / "data"
    command = [sys.executable, "-m", "service.cli", "up", "--port", "0", "--host", "0.0.0.0", "--data-dir", str(data)]
    refused = subprocess.run(command, capture_output=True, text=True, env=environment(), timeout=60, check=False)
    assert (refused.returncode, refused.stdout) == (2, "")
    assert "no API keys are configured for host '0.0.0.0'" in refused.stderr
    assert len(refused.stderr.splitlines()) == 1
    assert not data.exists()


def test_a_module_of_transforms_that_is_not_there_is_one_line(tmp_path):
    command = [sys.executable, "-m", "service.cli", "up", "--port", "0", "--data-dir", str(tmp_path)]
    wrong = environment() | {"FRAMEQUEUE_TRANSFORMS__MODULES": "nowhere.to_be_found"}
    refused = subprocess.run(command, capture_output=True, text=True, env=wrong, timeout=60, check=False)
    assert refused.returncode == 2, refused.stderr
    assert "nowhere.to_be_found" in refused.stderr
    assert "refused its settings" in refused.stderr, "it is not started again for ever"
    assert "Traceback" not in refused.stderr


def test_the_demo_shows_tables_and_leaves_nothing(tmp_path):
    scratch = tmp_path / "scratch"
    scratch.mkdir()
    shown = subprocess.run(
        [sys.executable, "-m", "service.cli", "demo"],
        capture_output=True,
        text=True,
        env=environment() | {"TMPDIR": str(scratch)},
        timeout=90,
        check=False,
    )
    assert shown.returncode == 0, shown.stderr
    for telling in ("SkyWest Airlines Inc.", "worst_delay", "arr_dealy", "did you mean 'arr_delay'?"):
        assert telling in shown.stdout
    assert list(scratch.iterdir()) == []
