"""What an attempt's transforms say, from their thread to the job: bounded, in order, never in the way of the work."""

import asyncio
import logging
import time
from collections import deque
from contextlib import suppress
from typing import Final

from jobs.errors import StoreError
from jobs.model import LogRecord
from jobs.store import logs
from jobs.store.redis import Redis
from jobs.worker.capture import Source, Stream

logger = logging.getLogger(__name__)
LINE_BYTES: Final = 8 * 1024
"""The longest message that is kept whole."""
# what a job says in less time is written with its end
_EVERY_S: Final = 0.25
_CLOSE_S: Final = 1.0
_LEVELS: Final[dict[Stream, str]] = {"stdout": "info", "stderr": "warning"}


class Lines:
    """Whole lines out of pieces of text; a carriage return starts the line anew, as a terminal shows it."""

    def __init__(self) -> None:
        self.rest = ""

    def feed(self, text: str) -> list[str]:
        """The lines that end in `text`; of one that is too long only the beginning."""
        *ended, begun = text.split("\n")
        if not ended:
            self._add(begun)
            return []
        self._add(ended[0])
        lines = [self.rest, *ended[1:]]
        self.rest = ""
        self._add(begun)
        return [line.rstrip("\r").rpartition("\r")[2] for line in lines]

    def _add(self, text: str) -> None:
        whole = self.rest + text
        kept = whole.rstrip("\r")
        # one at the end may yet belong to a "\r\n"
        self.rest = (kept.rpartition("\r")[2] + whole[len(kept) :][:1])[: LINE_BYTES + 1]


class LogTeller:
    """Hears an attempt's thread, and writes what it said with the job, at most four times a second.

    `at_step`, `say` and `write` are called in the thread, all else on the event loop. Silence costs nothing.
    """

    def __init__(self, redis: Redis, job_id: str, token: str, attempt: int) -> None:
        self._step: int | None = None
        self._redis, self._job_id, self._token, self._attempt = redis, job_id, token, attempt
        self._loop = asyncio.get_running_loop()
        self._lines: dict[Stream, Lines] = {}
        self._warned: set[str] = set()
        self._waiting: deque[bytes] = deque()
        self._taken = self._taken_bytes = self._dropped = self._told_dropped = 0
        self._batch: logs.Batch | None = None  # being sent; once more where its answer was lost
        self._number = 0
        self._sending: asyncio.Task[None] | None = None
        self._scheduled = self._closed = False

    def at_step(self, step: int | None) -> None:
        """What comes from now on is said in this step, from 1, or outside the steps."""
        self._end_lines()
        self._step = step

    def say(self, level: str, message: str, source: Source) -> None:
        """Take a record, or count it where there is no room; the same warning is taken once."""
        if self._closed:
            return
        if source == "warning":
            if message in self._warned:
                return
            if len(self._warned) < logs.MOST_RECORDS:
                self._warned.add(message)
        if self._taken >= logs.MOST_RECORDS:
            self._dropped += 1
            return
        record = LogRecord(
            at_ms=time.time_ns() // 1_000_000,
            attempt=self._attempt,
            step=self._step,
            level=level,
            message=_cut(message),
            source=source,
        )
        self._take(logs.encode(record))

    def _take(self, data: bytes) -> None:
        if self._taken_bytes + len(data) > logs.MOST_BYTES:
            self._dropped += 1
            return
        self._taken += 1
        self._taken_bytes += len(data)
        self._waiting.append(data)
        if not self._scheduled:
            self._scheduled = True
            with suppress(RuntimeError):  # the loop is closed: the worker is going away
                self._loop.call_soon_threadsafe(self._loop.call_later, _EVERY_S, self._write)

    def write(self, stream: Stream, text: str) -> None:
        """Take a piece of what is printed; whole lines become records, empty ones do not."""
        if self._taken >= logs.MOST_RECORDS:
            self._dropped += text.count("\n")
            return
        lines = self._lines.get(stream)
        if lines is None:
            lines = self._lines[stream] = Lines()
        for line in lines.feed(text):
            if line:
                self.say(_LEVELS[stream], line, "print")

    def _end_lines(self) -> None:
        for stream, lines in list(self._lines.items()):
            if lines.rest:
                self.write(stream, "\n")

    async def close(self) -> None:
        """Hear nothing more, and write what is left, or give up after a second; may be called again."""
        if not self._closed:
            self._end_lines()
            self._closed = True
        ends = time.monotonic() + _CLOSE_S
        while self._pending and (left_s := ends - time.monotonic()) > 0:
            sending = self._write()
            await asyncio.wait({sending}, timeout=left_s)
            if self._batch is not None:  # Redis is away
                break

    @property
    def _pending(self) -> bool:
        return bool(self._waiting) or self._batch is not None or self._dropped > self._told_dropped

    def _write(self) -> "asyncio.Task[None]":
        self._scheduled = False
        if self._sending is None or self._sending.done():
            self._sending = self._loop.create_task(self._send())
        return self._sending

    async def _send(self) -> None:
        if not self._pending:
            return
        self._batch = self._batch or self._collected()
        try:
            if not await logs.append(self._redis, self._job_id, self._token, self._batch):
                self._closed = True  # another attempt holds the job
                self._waiting.clear()
            self._batch = None
        except StoreError as error:
            logger.debug("logs of %s not written: %s", self._job_id, error)
        except Exception:
            logger.exception("logs of %s not written", self._job_id)

    def _collected(self) -> logs.Batch:
        records = [self._waiting.popleft() for _ in range(len(self._waiting))]
        dropped = self._dropped - self._told_dropped
        self._told_dropped += dropped
        self._number += 1
        return logs.Batch(self._number, records, dropped)


def _cut(message: str) -> str:
    """The message as UTF-8 can hold it, and not longer than LINE_BYTES."""
    data = message[: LINE_BYTES + 1].encode("utf-8", "backslashreplace")
    if len(data) <= LINE_BYTES:
        return data.decode()
    return data[: LINE_BYTES - 3].decode("utf-8", "ignore") + "…"
