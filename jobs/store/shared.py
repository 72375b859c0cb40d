"""Equal reads of one turn of the event loop are made once: a thousand waiters for one job look at it together."""

import asyncio
from collections.abc import Awaitable, Callable, Hashable
from typing import Generic, TypeVar

K = TypeVar("K", bound=Hashable)
V = TypeVar("V")


class Shared(Generic[K, V]):
    """Calls `read` once for each key that was asked for in a turn, and gives all askers the same value.

    A read begins after everyone who shares it has asked, so that it sees what any of them was told of.
    """

    def __init__(self, read: Callable[[K], Awaitable[V]]) -> None:
        self._read = read
        self._asked: dict[K, asyncio.Future[V]] = {}
        self._reading: set[asyncio.Task[None]] = set()

    async def get(self, key: K) -> V:
        """The value; raises what reading it raised."""
        answer = self._asked.get(key)
        if answer is None:
            loop = asyncio.get_running_loop()
            answer = self._asked[key] = loop.create_future()
            # a task's first step comes with the next turn
            task = loop.create_task(self._fulfil(key, answer))
            self._reading.add(task)
            task.add_done_callback(self._reading.discard)
        return await asyncio.shield(answer)  # one asker that leaves must not take it from the others

    async def _fulfil(self, key: K, answer: "asyncio.Future[V]") -> None:
        del self._asked[key]
        try:
            answer.set_result(await self._read(key))
        except BaseException as error:
            if isinstance(error, Exception):
                answer.set_exception(error)
                answer.exception()  # who asked may all have left: it is heard of
            else:
                answer.cancel()
                raise
