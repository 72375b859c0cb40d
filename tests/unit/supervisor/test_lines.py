"""The supervisor's lines look like those of the other processes."""

import json
import logging
import sys

from jobs.supervisor.lines import ConsoleLines, JsonLines


def record(message: str, exc_info: object = None) -> logging.LogRecord:
    return logging.LogRecord("jobs.x", logging.WARNING, "f", 1, message, (), exc_info)  # type: ignore[arg-type]


def test_a_json_line_has_the_fields_of_structlog_s() -> None:
    line = JsonLines().format(record("a\nb ö"))
    assert line.isascii()
    assert "\n" not in line
    said = json.loads(line)
    assert list(said) == ["event", "level", "logger", "timestamp", "role"]
    assert (said["event"], said["level"], said["logger"], said["role"]) == ("a\nb ö", "warning", "jobs.x", "supervisor")
    assert said["timestamp"].endswith("Z")


def test_a_line_about_a_job_has_its_id() -> None:
    about = record("job job_a is late")
    about.job_id = "job_a"
    assert json.loads(JsonLines().format(about))["job_id"] == "job_a"


def test_a_console_line_is_one_line() -> None:
    line = ConsoleLines().format(record("a\nb\x1b[2J ö"))
    assert "a\\nb\\x1b[2J ö" in line
    assert "\n" not in line


def test_a_traceback_is_kept() -> None:
    try:
        raise ValueError("why")
    except ValueError:
        info = sys.exc_info()
    assert "ValueError: why" in json.loads(JsonLines().format(record("x", info)))["exception"]
    assert "ValueError: why" in ConsoleLines().format(record("x", info))
