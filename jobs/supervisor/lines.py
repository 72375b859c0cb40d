"""The supervisor's log: one line each on stderr, in the shape of `config.logging` without its library."""

import json
import logging
from datetime import UTC, datetime


def configure(level: str, form: str) -> None:
    """Send all logging of this process to stderr, as `json` or `console` lines."""
    handler = logging.StreamHandler()
    handler.setFormatter(JsonLines() if form == "json" else ConsoleLines())
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(level.upper())


class JsonLines(logging.Formatter):
    """One JSON object a line, ASCII only."""

    def format(self, record: logging.LogRecord) -> str:
        """The line."""
        said = {
            "event": record.getMessage(),
            "level": record.levelname.lower(),
            "logger": record.name,
            "timestamp": _time(record),
            "role": "supervisor",
        }
        if job_id := getattr(record, "job_id", ""):
            said["job_id"] = job_id
        if record.exc_info:
            said["exception"] = self.formatException(record.exc_info)
        return json.dumps(said)


class ConsoleLines(logging.Formatter):
    """A line for people; a traceback keeps its lines."""

    def format(self, record: logging.LogRecord) -> str:
        """The line, with control characters escaped."""
        message = "".join(sign if sign.isprintable() else ascii(sign)[1:-1] for sign in record.getMessage())
        line = f"{_time(record)} [{record.levelname.lower()}] {message} [{record.name}] role=supervisor"
        return f"{line}\n{self.formatException(record.exc_info)}" if record.exc_info else line


def _time(record: logging.LogRecord) -> str:
    return datetime.fromtimestamp(record.created, UTC).isoformat().replace("+00:00", "Z")
