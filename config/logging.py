"""Structured logging from the settings: one line per event, JSON or console, libraries' loggers included."""

import logging
import re
import sys
from collections.abc import Sequence
from typing import Any, TextIO

import structlog
from structlog.typing import EventDict, Processor, WrappedLogger

from config.sections import LogSettings

# they bring handlers of their own, or would say at `info` what we say better
_ROUTED = ("uvicorn", "uvicorn.error", "uvicorn.access", "uvicorn.asgi", "arq", "asyncio", "py.warnings")
_QUIET = ("uvicorn.access", "httpx", "httpcore", "opentelemetry")
# control characters, and the line separators a terminal or a log viewer may obey; JSON escapes them by itself
_CONTROL = re.compile(r"[\x00-\x08\x0a-\x1f\x7f-\x9f\u2028\u2029]")
_TRACEBACK_KEYS = frozenset({"exception", "stack"})


class _Handler(logging.StreamHandler[TextIO]):
    """Without a lock: a line is one write, and a thread that something is raised in would leave it locked for ever."""

    def createLock(self) -> None:  # noqa: N802  # logging's own name
        """None."""
        self.lock = None

    def handle(self, record: logging.LogRecord) -> bool:
        """Write the record."""
        self.emit(record)
        return True

    def flush(self) -> None:
        """Hand on what is buffered."""
        self.stream.flush()


def configure(settings: LogSettings, *, role: str = "", stream: TextIO | None = None) -> None:
    """Send all logging of this process to `stream` (stderr) in the configured form; `role` marks each line.

    Repeatable: the last call counts. Library code logs through `logging.getLogger(__name__)` or structlog alike.
    """
    target = stream or sys.stderr
    as_json = settings.format == "json" or (settings.format == "auto" and not target.isatty())
    shared = _shared(role)
    structlog.configure(
        processors=[structlog.stdlib.filter_by_level, *shared, structlog.stdlib.ProcessorFormatter.wrap_for_formatter],
        logger_factory=structlog.stdlib.LoggerFactory(),
        wrapper_class=structlog.stdlib.BoundLogger,
        cache_logger_on_first_use=False,
    )
    handler = _Handler(target)
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            foreign_pre_chain=[*shared, structlog.stdlib.ExtraAdder(), _without_color_message],
            processors=_json() if as_json else _console(colors=target.isatty()),
        )
    )
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(settings.level.upper())
    logging.captureWarnings(capture=True)
    _route_libraries(chatty=settings.level == "debug")


def about(**facts: str) -> None:
    """Put these facts on every line that this task, or this thread, logs from now on; empty ones are left out."""
    structlog.contextvars.clear_contextvars()
    structlog.contextvars.bind_contextvars(**{name: value for name, value in facts.items() if value})


def _without_color_message(_: WrappedLogger, __: str, event: EventDict) -> EventDict:
    """Uvicorn says each line twice, once for terminals."""
    event.pop("color_message", None)
    return event


def _shared(role: str) -> list[Processor]:
    def with_role(_: WrappedLogger, __: str, event: EventDict) -> EventDict:
        event["role"] = role
        return event

    always: list[Processor] = [
        structlog.contextvars.merge_contextvars,
        structlog.stdlib.add_log_level,
        structlog.stdlib.add_logger_name,
        structlog.stdlib.PositionalArgumentsFormatter(),
        structlog.processors.TimeStamper(fmt="iso", utc=True),
        structlog.processors.StackInfoRenderer(),
    ]
    return [*always, with_role] if role else always


def _json() -> Sequence[Processor]:
    return [
        structlog.stdlib.ProcessorFormatter.remove_processors_meta,
        structlog.processors.format_exc_info,
        structlog.processors.JSONRenderer(),  # ASCII only: a value can neither start a line nor move a cursor
    ]


def _console(*, colors: bool) -> Sequence[Processor]:
    return [
        structlog.stdlib.ProcessorFormatter.remove_processors_meta,
        structlog.processors.format_exc_info,
        _escaped,
        structlog.dev.ConsoleRenderer(colors=colors, pad_event_to=0, exception_formatter=structlog.dev.plain_traceback),
    ]


def _escaped(_: WrappedLogger, __: str, event: EventDict) -> EventDict:
    """Values and messages as one line each; a traceback keeps its lines, indented: none can pose as a log line."""
    return {_clean(key): _plain(key, value) for key, value in event.items()}


def _plain(key: str, value: Any) -> Any:
    if key in _TRACEBACK_KEYS:
        return "\n".join("    " + _clean(line) for line in str(value).split("\n"))
    return value if value is None or isinstance(value, bool | int | float) else _clean(str(value))


def _clean(text: str) -> str:
    return _CONTROL.sub(lambda found: found[0].encode("unicode_escape").decode("ascii"), text)


def _route_libraries(*, chatty: bool) -> None:
    for name in _ROUTED:
        logger = logging.getLogger(name)
        logger.handlers.clear()
        logger.propagate = True
    for name in _QUIET:
        logging.getLogger(name).setLevel(logging.NOTSET if chatty else logging.WARNING)
