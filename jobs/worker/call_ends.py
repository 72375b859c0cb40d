"""The ends of plain ARQ calls on their way to Redis: written together, held through an outage, never dropped by one."""

import asyncio
import logging
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass

from jobs.errors import StoreError
from jobs.store.calls import CallEnd
from jobs.store.redis import end as end_task

logger = logging.getLogger(__name__)
Write = Callable[[Sequence[CallEnd]], Awaitable[list[bool]]]
# what one script call may carry: its bytes stall Redis, and a query of a GiB is refused for ever
_BATCH_BYTES = 16 * 1024**2
_BATCH_ENDS = 500
_FIRST_PAUSE_S, _LAST_PAUSE_S = 0.1, 2.0


@dataclass
class HeldEnd:
    """An end on its way; `written` is False once it was refused, and raises only what no repetition would help."""

    end: CallEnd
    written: "asyncio.Future[bool]"


class CallEnds:
    """Takes the ends of one turn of the event loop, and those that come during a write, as one call of `write`."""

    def __init__(self, write: Write) -> None:
        self._write = write
        self._waiting: list[HeldEnd] = []
        self._writing: asyncio.Task[None] | None = None

    def put(self, end: CallEnd) -> HeldEnd:
        """Have this end written."""
        loop = asyncio.get_running_loop()
        held = HeldEnd(end, loop.create_future())
        self._waiting.append(held)
        if self._writing is None:
            # a new task's first step comes with the loop's next turn
            self._writing = loop.create_task(self._write_all())
        return held

    async def close(self) -> None:
        """Wait until everything is written; cancelled (Redis is away), give up what is left."""
        try:
            while self._writing is not None:
                await asyncio.wait({self._writing})
        finally:
            if self._writing is not None:
                logger.error("%d ends of ARQ calls could not be written; they run again", len(self._waiting) + 1)
                await end_task(self._writing)

    async def _write_all(self) -> None:
        try:
            while self._waiting:
                await self._hand_over(self._next_batch())
        finally:
            self._writing = None

    def _next_batch(self) -> list[HeldEnd]:
        size = count = 0
        for held in self._waiting[:_BATCH_ENDS]:
            size += len(held.end.result)
            if count and size > _BATCH_BYTES:
                break
            count += 1
        batch, self._waiting = self._waiting[:count], self._waiting[count:]
        return batch

    async def _hand_over(self, batch: list[HeldEnd]) -> None:
        try:
            sent, answers = await self._insist(batch)
        except Exception as error:  # noqa: BLE001  # whoever waits for this end gets it
            if len(batch) > 1:  # one of them must not take the others with it
                for held in batch:
                    await self._hand_over([held])
            elif not batch[0].written.done():
                batch[0].written.set_exception(error)
            return
        for held, end, answer in zip(batch, sent, answers, strict=True):
            if not answer and held.end is not end:
                self._waiting.append(held)  # adopted meanwhile
            else:
                self._settle(held, answer)

    def _settle(self, held: HeldEnd, answer: bool) -> None:
        if not answer:
            logger.warning("job %s: another attempt has it; the end of this one is dropped", held.end.id)
        if not held.written.done():
            held.written.set_result(answer)

    async def _insist(self, batch: list[HeldEnd]) -> tuple[list[CallEnd], list[bool]]:
        """What was sent, and the answers, however long Redis is away."""
        pause_s = _FIRST_PAUSE_S
        while True:
            sent = [held.end for held in batch]
            try:
                return sent, await self._write(sent)
            except StoreError as error:
                logger.warning("holding the ends of %d ARQ calls: %s", len(batch) + len(self._waiting), error)
            await asyncio.sleep(pause_s)
            pause_s = min(_LAST_PAUSE_S, pause_s * 2)
