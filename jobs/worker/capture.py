"""What transforms log, print and warn in this process, heard by the attempt in whose thread it happens.

Who hears is a context variable: threads that a transform starts have none, and write as they did before.
"""

import logging
import sys
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from pathlib import PurePath
from typing import Any, Final, Literal, Protocol, TextIO, cast

from jobs.transforms.context import JOB_LOGGER

Stream = Literal["stdout", "stderr"]
Source = Literal["log", "print", "warning"]
_MOST_WARNINGS: Final = 1_000


class Listener(Protocol):
    """Who hears an attempt's thread; neither method blocks or raises."""

    def say(self, level: str, message: str, source: Source) -> None:
        """A whole record."""
        ...

    def write(self, stream: Stream, text: str) -> None:
        """A piece of what is printed."""
        ...


_listener: ContextVar[Listener | None] = ContextVar("framequeue_listener", default=None)


@contextmanager
def heard_by(listener: Listener | None) -> Iterator[None]:
    """Let `listener` hear what this thread says until the block ends."""
    before = _listener.set(listener)
    try:
        yield
    finally:
        _listener.reset(before)


@contextmanager
def installed() -> Iterator[None]:
    """Make this process hear its threads until the block ends; configure logging before."""
    out, err = sys.stdout, sys.stderr
    sys.stdout, sys.stderr = cast(TextIO, _Printed(out, "stdout")), cast(TextIO, _Printed(err, "stderr"))
    try:
        with _logging_heard(), warnings.catch_warnings():
            # Python says each warning once a process: the second job would not hear of it
            warnings.simplefilter("always", append=True)
            warnings.showwarning = _Warned(warnings.showwarning)
            yield
    finally:
        sys.stdout, sys.stderr = out, err


@contextmanager
def _logging_heard() -> Iterator[None]:
    """All loggers from the process's level, and that of `Context` from any: its records are the job's first."""
    handler, own = _Handler(), _OwnHandler()
    root, job = logging.getLogger(), logging.getLogger(JOB_LOGGER)
    before = job.level, job.propagate
    root.addHandler(handler)
    job.addHandler(own)
    job.setLevel(logging.DEBUG)
    job.propagate = False
    try:
        yield
    finally:
        level, job.propagate = before
        job.setLevel(level)
        job.removeHandler(own)
        root.removeHandler(handler)


class _Printed:
    """A standard stream that hands on what nobody listens for."""

    def __init__(self, stream: TextIO, name: Stream) -> None:
        self._stream, self._name = stream, name

    def write(self, text: str) -> int:
        listener = _listener.get()
        if listener is None or not isinstance(text, str):
            return self._stream.write(text)
        listener.write(self._name, text)
        return len(text)

    def writelines(self, lines: Any) -> None:
        for line in lines:
            self.write(line)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._stream, name)


class _Handler(logging.Handler):
    """Stands beside the handlers of the process, which write the same records to its own log."""

    def createLock(self) -> None:  # noqa: N802  # logging's own name
        """None is needed, and none is waited for by a thread that is to be stopped."""
        self.lock = None

    def handle(self, record: logging.LogRecord) -> bool:
        """As logging's own, which from Python 3.13 on takes a lock without a look whether there is one."""
        self.emit(record)
        return True

    def emit(self, record: logging.LogRecord) -> None:
        listener = _listener.get()
        if listener is not None:
            listener.say(record.levelname.lower(), _text(record), "log")
        elif logging.root.handlers == [self] and (last := logging.lastResort) and record.levelno >= last.level:
            # with no other handler logging would have written it to stderr, but for us
            last.handle(record)


class _OwnHandler(_Handler):
    """Of the logger that `Context` has: what the process's log would not show is heard all the same."""

    def emit(self, record: logging.LogRecord) -> None:
        if logging.root.isEnabledFor(record.levelno):
            logging.root.handle(record)
        elif _listener.get() is not None:
            super().emit(record)


_FORMAT: Final = logging.Formatter("%(message)s")


def _text(record: logging.LogRecord) -> str:
    """The message with its traceback, whatever objects it is made of."""
    try:
        if isinstance(record.msg, dict) and "event" in record.msg:  # structlog's, before it is rendered
            facts = {name: value for name, value in record.msg.items() if name not in _STRUCTLOG_OWN}
            return " ".join([str(record.msg["event"]), *(f"{name}={value}" for name, value in facts.items())])
        return _FORMAT.format(record)
    except Exception as error:  # noqa: BLE001  # a value's own __str__ may raise anything
        said = record.msg if isinstance(record.msg, str) else type(record.msg).__name__
        return f"{said} (its values could not be written: {type(error).__name__})"


_STRUCTLOG_OWN: Final = frozenset({"event", "level", "timestamp", "logger", "role", "_record", "_from_structlog"})


class _Warned:
    """In place of `warnings.showwarning`: where nobody listens each warning is shown once, as Python does."""

    def __init__(self, shown: Any) -> None:
        self._show, self._seen = shown, set[tuple[str, str, int]]()

    def __call__(
        self,
        message: Warning | str,
        category: type[Warning],
        filename: str,
        lineno: int,
        file: TextIO | None = None,
        line: str | None = None,
    ) -> None:
        listener = _listener.get() if file is None else None
        if listener is not None:
            listener.say("warning", f"{category.__name__}: {message} ({PurePath(filename).name}:{lineno})", "warning")
            return
        seen = (f"{category.__name__}: {message}", filename, lineno)
        if seen not in self._seen and len(self._seen) < _MOST_WARNINGS:
            self._seen.add(seen)
            self._show(message, category, filename, lineno, file, line)
