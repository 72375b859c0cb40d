"""Events as JSON, and as a stream of Server-Sent Events."""

from collections.abc import AsyncGenerator, AsyncIterator
from contextlib import aclosing
from typing import Final

import msgspec
from fastapi.sse import KEEPALIVE_COMMENT, format_sse_event
from starlette.responses import StreamingResponse
from starlette.types import Send

from jobs.model import Job
from jobs.store.events import Event
from service.schemas import EventBody, EventData
from service.views import progress_of, timestamp

KEEPALIVE_S: Final = 15.0
"""How long a stream is silent at most: proxies cut what looks dead."""
_HEADERS: Final = {
    "content-type": "text/event-stream",
    "cache-control": "no-store",
    # nginx would keep events back until it has a buffer full
    "x-accel-buffering": "no",
}
_JSON: Final = msgspec.json.Encoder()


def event_body(event: Event, job: Job) -> EventBody:
    """An event of that job as JSON shows it."""
    progress = progress_of(event.state, len(job.spec.pipeline), event.progress)
    data = EventData(job.id, event.state, event.version, event.attempt, progress)
    return EventBody(str(event.id), event.type, timestamp(event.at_ms), data)


class EventStream(StreamingResponse):
    """The events of a job as they come; an empty batch becomes a comment that keeps the connection alive.

    A reader that does not read holds one batch: the next is fetched once the last one has been taken off our hands.
    """

    def __init__(self, job: Job, batches: AsyncIterator[tuple[Event, ...]]) -> None:
        self._chunks = _chunks(job, batches)
        super().__init__(self._chunks, headers=_HEADERS)

    async def stream_response(self, send: Send) -> None:
        """Send them, and leave no watch behind, however it ends."""
        async with aclosing(self._chunks):
            await super().stream_response(send)


async def _chunks(job: Job, batches: AsyncIterator[tuple[Event, ...]]) -> AsyncGenerator[bytes, None]:
    async for batch in batches:
        yield b"".join(_sse(event, job) for event in batch) or KEEPALIVE_COMMENT


def _sse(event: Event, job: Job) -> bytes:
    body = event_body(event, job)
    return format_sse_event(data_str=_JSON.encode(body).decode(), event=body.type, id=body.id)
