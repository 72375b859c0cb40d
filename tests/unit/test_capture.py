"""What is heard in a thread, by whom, and what goes on as before."""

import io
import logging
import sys
import threading
import warnings

import pytest
import structlog
from hypothesis import given
from hypothesis import strategies as st

from jobs import Context
from jobs.worker.capture import Source, Stream, heard_by, installed
from jobs.worker.logs import LINE_BYTES, Lines


class Ear:
    """Keeps what it hears."""

    def __init__(self) -> None:
        self.heard: list[tuple[str, str, str]] = []
        self.pieces: list[tuple[str, str]] = []

    def say(self, level: str, message: str, source: Source) -> None:
        self.heard.append((source, level, message))

    def write(self, stream: Stream, text: str) -> None:
        self.pieces.append((stream, text))


@pytest.fixture
def ear() -> Ear:
    return Ear()


@pytest.fixture
def out(monkeypatch: pytest.MonkeyPatch) -> io.StringIO:
    """The standard output of the process."""
    kept = io.StringIO()
    monkeypatch.setattr(sys, "stdout", kept)
    return kept


def in_thread(what: object) -> None:
    thread = threading.Thread(target=what)  # type: ignore[arg-type]  # any callable
    thread.start()
    thread.join()


def test_only_the_thread_that_is_listened_to_is_heard(
    ear: Ear, out: io.StringIO, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sys, "stdout", out)
    with installed(), heard_by(ear):
        print("mine", 1)
        in_thread(lambda: print("another's"))
        sys.stdout.writelines(["a", "b"])
        assert sys.stdout.encoding == out.encoding
    print("after")
    assert "".join(text for _, text in ear.pieces) == "mine 1\nab"
    assert out.getvalue() == "another's\nafter\n"


def test_nobody_is_heard_where_it_is_not_installed(ear: Ear, capsys: pytest.CaptureFixture[str]) -> None:
    with heard_by(ear):
        print("as ever")
    assert capsys.readouterr().out == "as ever\n"
    assert ear.pieces == []


def test_loggers_are_heard_from_the_level_of_the_process_and_the_job_s_own_from_any(
    ear: Ear, caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level(logging.WARNING), installed(), heard_by(ear):
        Context().logger.debug("own %s", "detail")
        Context().logger.error("own error")
        logging.getLogger("a_package").info("too low")
        logging.getLogger("a_package").warning("high enough")
        in_thread(lambda: Context().logger.error("of another thread"))
    assert ear.heard == [
        ("log", "debug", "own detail"),
        ("log", "error", "own error"),
        ("log", "warning", "high enough"),
    ]
    # the log of the process is what it was: each once, and none below its level
    assert [record.getMessage() for record in caplog.records] == ["own error", "high enough", "of another thread"]


def test_a_record_that_cannot_be_written_raises_nothing(ear: Ear) -> None:
    class Broken:
        def __str__(self) -> str:
            raise ZeroDivisionError

    with installed(), heard_by(ear):
        Context().logger.debug("%d rows", "no number")
        Context().logger.debug("%s", Broken())
        Context().logger.debug(Broken())
    assert [message for _, _, message in ear.heard] == [
        "%d rows (its values could not be written: TypeError)",
        "%s (its values could not be written: ZeroDivisionError)",
        "Broken (its values could not be written: ZeroDivisionError)",
    ]


def test_an_exception_brings_its_traceback_and_structlog_its_values(ear: Ear) -> None:
    with installed(), heard_by(ear):
        try:
            raise KeyError("regoin")
        except KeyError:
            Context().logger.debug("failed", exc_info=True)
        structlog.wrap_logger(
            Context().logger, processors=[structlog.stdlib.ProcessorFormatter.wrap_for_formatter]
        ).info("read", rows=3)
    first, second = [message for _, _, message in ear.heard]
    assert first.startswith("failed\nTraceback")
    assert first.endswith("KeyError: 'regoin'")
    assert second == "read rows=3"


def test_warnings_are_heard_by_every_attempt_and_shown_once_elsewhere(ear: Ear) -> None:
    shown: list[str] = []

    def show(message: object, *_: object) -> None:
        shown.append(str(message))

    def odd() -> None:
        warnings.warn("odd", UserWarning, stacklevel=1)

    with warnings.catch_warnings():
        warnings.resetwarnings()
        warnings.showwarning = show  # type: ignore[assignment]  # a test's own
        with installed():
            for _ in range(2):
                with heard_by(ear):
                    odd()
                odd()
        assert warnings.showwarning is show
    assert [(source, level) for source, level, _ in ear.heard] == [("warning", "warning")] * 2
    assert ear.heard[0][2].startswith("UserWarning: odd (test_capture.py:")
    assert shown == ["odd"]


@given(st.lists(st.text("ab\n", max_size=6)))
def test_lines_come_whole_however_they_are_cut(pieces: list[str]) -> None:
    lines = Lines()
    whole = [line for piece in pieces for line in lines.feed(piece)]
    assert [*whole, lines.rest] == "".join(pieces).split("\n")


@given(st.lists(st.text("ab\r\n", max_size=6)))
def test_a_carriage_return_starts_the_line_anew(pieces: list[str]) -> None:
    lines = Lines()
    whole = [line for piece in pieces for line in lines.feed(piece)]
    *ended, begun = "".join(pieces).split("\n")
    assert whole == [line.rstrip("\r").rpartition("\r")[2] for line in ended]
    assert lines.rest.rstrip("\r") == begun.rstrip("\r").rpartition("\r")[2]


def test_a_line_without_end_takes_no_more_memory_than_its_beginning() -> None:
    lines = Lines()
    for _ in range(100):
        assert lines.feed("x" * 1_000) == []
    assert len(lines.rest) == LINE_BYTES + 1
