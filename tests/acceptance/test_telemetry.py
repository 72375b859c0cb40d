"""API and worker as processes of their own: one trace through both, one scrape over both, and lines to find jobs."""

import json
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from tests.acceptance.collector import Collector, collecting
from tests.acceptance.test_stack import JOB, Up, environment, up, wait_until

CALLER = "00-" + "5a" * 16 + "-" + "6b" * 8 + "-01"
TRACE_ID = "5a" * 16
QUICK = {"OTEL_BSP_SCHEDULE_DELAY": "200", "FRAMEQUEUE_WORKER__LEASE_S": "3", "FRAMEQUEUE_WORKER__STANDBY": "false"}


@pytest.fixture(scope="module")
def collector() -> Iterator[Collector]:
    with collecting() as running:
        yield running


@pytest.fixture(scope="module")
def stack(tmp_path_factory: pytest.TempPathFactory, collector: Collector) -> Iterator[Up]:
    traced = {
        "FRAMEQUEUE_TELEMETRY__TRACES": "otlp",
        "FRAMEQUEUE_TELEMETRY__ENDPOINT": collector.url,
        "FRAMEQUEUE_LOG__ACCESS": "on",
        "FRAMEQUEUE_LOG__FORMAT": "json",
    }
    with up(tmp_path_factory.mktemp("telemetry"), traced | QUICK) as running:
        yield running


@pytest.fixture(scope="module")
def job(stack: Up) -> dict[str, object]:
    """A job that has ended, submitted by a caller with a trace."""
    headers = {"prefer": "wait=30", "traceparent": CALLER}
    answer = httpx.post(f"{stack.url}/v1/jobs?", json=JOB, headers=headers, timeout=60)
    assert (answer.status_code, answer.json()["state"]) == (200, "succeeded"), answer.text
    assert answer.json()["trace_id"] == TRACE_ID
    return dict(answer.json())


def test_one_trace_goes_through_api_and_worker(collector: Collector, job: dict[str, object]) -> None:
    """Contract: the job's trace_id is that of the caller's traceparent, in the traces of API and worker."""
    wanted = {"POST /v1/jobs", "submit", "attempt", "decode", "step groupby", "step sort_values", "encode"}
    assert wait_until(lambda: collector.spans(TRACE_ID).keys() >= wanted, 30), collector.spans(TRACE_ID)
    spans = collector.spans(TRACE_ID)
    assert {name: spans[name].role for name in ("POST /v1/jobs", "submit", "attempt")} == {
        "POST /v1/jobs": "api",
        "submit": "api",
        "attempt": "worker",
    }
    assert spans["POST /v1/jobs"].parent_id == "6b" * 8
    assert spans["submit"].parent_id == spans["POST /v1/jobs"].span_id
    assert spans["attempt"].parent_id == spans["submit"].span_id
    assert spans["step groupby"].parent_id == spans["attempt"].span_id


def test_one_scrape_shows_both_processes(stack: Up, job: dict[str, object]) -> None:
    """Contract: GET /metrics shows the queue and the work of all workers."""

    def scraped() -> bool:
        text = httpx.get(f"{stack.url}/metrics", timeout=10).text
        return (
            'framequeue_jobs_ended_total{code="",state="succeeded"} 1.0' in text
            and 'framequeue_step_duration_seconds_count{op="groupby"} 1.0' in text
            and 'framequeue_http_requests_total{method="POST",route="/v1/jobs",status="200"} 1.0' in text
            and "framequeue_workers 1.0" in text
            and 'framequeue_worker_slots{use="free"}' in text
        )

    assert wait_until(scraped, 30), httpx.get(f"{stack.url}/metrics", timeout=10).text


def test_a_job_is_found_in_the_lines_of_both_processes(stack: Up, job: dict[str, object]) -> None:
    def lines() -> list[dict[str, object]]:
        found = [json.loads(line) for line in stack.output().splitlines() if line.startswith("{")]
        return [one for one in found if one.get("trace_id") == TRACE_ID]

    assert wait_until(lambda: {"api", "worker"} <= {one["role"] for one in lines()}, 10), stack.output()
    (access,) = [one for one in lines() if one["role"] == "api"]
    assert (access["method"], access["route"], access["status"]) == ("POST", "/v1/jobs", 200)
    assert {one["job_id"] for one in lines() if one["role"] == "worker"} == {job["id"]}


def framequeue(*command: str, **extra: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "service.cli", *command],
        env=environment() | extra,
        cwd=Path(__file__).parents[2],
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


def test_off_loopback_without_keys_it_refuses_to_start() -> None:
    """Contract: without keys the service starts only on loopback, unless told explicitly."""
    ended = framequeue("api", "--host", "0.0.0.0", "--port", "0", REDIS_URL="redis://127.0.0.1:1")
    assert (ended.returncode, len(ended.stderr.splitlines())) == (2, 1), ended.stderr
    assert "no API keys are configured" in ended.stderr
    assert "framequeue keys new" in ended.stderr


WITHOUT_THE_EXTRA = """
import importlib, sys
real = importlib.import_module
def without(name, package=None):
    if name.startswith("opentelemetry.sdk"):
        raise ModuleNotFoundError(name)
    return real(name, package)
importlib.import_module = without
from service.cli.%s import main
main()
"""


@pytest.mark.parametrize("role", ["api", "worker"])
def test_without_the_extra_one_line_says_so(role: str) -> None:
    ended = subprocess.run(
        [sys.executable, "-c", WITHOUT_THE_EXTRA % role],
        env=environment() | {"REDIS_URL": "redis://127.0.0.1:1", "FRAMEQUEUE_TELEMETRY__TRACES": "otlp"},
        cwd=Path(__file__).parents[2],
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert (ended.returncode, len(ended.stderr.splitlines())) == (2, 1), ended.stderr
    assert "pip install 'framequeue[otel]'" in ended.stderr
