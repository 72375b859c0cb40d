"""Log lines: one event, one line, whatever is in it."""

import io
import json
import logging
import warnings
from collections.abc import Iterator

import pytest
import structlog

from config.logging import configure
from config.sections import LogSettings

HOSTILE = "a\nb\r\x1b[31mred\x00\x9b\u2028end"


@pytest.fixture(autouse=True)
def as_before() -> Iterator[None]:
    """Logging belongs to the whole process: give it back as it was."""
    root = logging.getLogger()
    handlers, level = root.handlers[:], root.level
    yield
    root.handlers[:] = handlers
    root.setLevel(level)
    logging.captureWarnings(capture=False)
    structlog.reset_defaults()


def logged(act, **settings) -> str:
    stream = io.StringIO()
    configure(LogSettings.model_validate(settings), role="api", stream=stream)
    act()
    return stream.getvalue()


def test_json_lines_carry_event_level_logger_role_and_extras():
    line = logged(lambda: logging.getLogger("arq.worker").info("job %s", "x", extra={"job_id": "job_1"}), format="json")
    event = json.loads(line)
    assert event.pop("timestamp").endswith("Z")
    assert event == {"event": "job x", "level": "info", "logger": "arq.worker", "role": "api", "job_id": "job_1"}


def test_structlog_and_the_standard_library_write_alike():
    ours = logged(lambda: structlog.get_logger("a").warning("said", n=1), format="json")
    theirs = logged(lambda: logging.getLogger("a").warning("said", extra={"n": 1}), format="json")
    assert {**json.loads(ours), "timestamp": ""} == {**json.loads(theirs), "timestamp": ""}


@pytest.mark.parametrize("format", ["json", "console"])
def test_no_value_breaks_out_of_its_line(format):
    line = logged(lambda: logging.getLogger("a").info(HOSTILE, extra={"key": HOSTILE}), format=format)
    assert len(line.splitlines()) == 1
    assert not set(line[:-1]) & {"\n", "\r", "\x1b", "\x00", "\x9b", "\u2028"}


def test_a_traceback_cannot_pose_as_a_log_line():
    def fail() -> None:
        try:
            raise ValueError("2026-01-01T00:00:00Z [info] all is well\n2026-01-01T00:00:00Z [info] forged")
        except ValueError:
            logging.getLogger("a").exception("failed")

    first, *others = logged(fail, format="console").splitlines()
    assert "failed" in first
    assert others
    assert all(line.startswith("    ") for line in others)


def test_the_level_holds_for_structlog_too():
    def speak() -> None:
        structlog.get_logger("a").info("quiet")
        logging.getLogger("b").info("quiet")
        logging.getLogger("b").error("loud")

    assert [json.loads(line)["event"] for line in logged(speak, level="error", format="json").splitlines()] == ["loud"]


def test_library_handlers_are_replaced_and_access_lines_are_for_debugging():
    own = logging.StreamHandler(io.StringIO())
    logging.getLogger("uvicorn.error").addHandler(own)
    assert "started" in logged(lambda: logging.getLogger("uvicorn.error").info("started"))
    assert logging.getLogger("uvicorn.error").handlers == []
    assert logged(lambda: logging.getLogger("uvicorn.access").info("GET /")) == ""
    assert "GET /" in logged(lambda: logging.getLogger("uvicorn.access").info("GET /"), level="debug")


def test_warnings_are_log_lines():
    def warn() -> None:
        with warnings.catch_warnings():
            warnings.simplefilter("always")
            logging.captureWarnings(capture=False)
            logging.captureWarnings(capture=True)
            warnings.warn("mind this", UserWarning, stacklevel=1)

    assert "mind this" in logged(warn)
