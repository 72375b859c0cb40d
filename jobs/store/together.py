"""Commands of one turn of the event loop, sent to Redis together.

A round trip costs a worker as much as running two small calls, so the ends of some and the claim of the next share one.
"""

import asyncio
from typing import Any, cast

from redis.asyncio import Redis


class Together:
    """Stands for the client where scripts are run, `as_client()` says so to the type checker."""

    def __init__(self, redis: Redis) -> None:
        self._redis = redis
        self._waiting: list[tuple[tuple[Any, ...], asyncio.Future[Any]]] = []
        self._sending: set[asyncio.Task[None]] = set()

    def as_client(self) -> Redis:
        """Itself."""
        return cast(Redis, self)

    async def execute_command(self, *command: Any) -> Any:
        """As the client's own."""
        loop = asyncio.get_running_loop()
        answer = loop.create_future()
        self._waiting.append((command, answer))
        if len(self._waiting) == 1:
            # a task's first step comes with the next turn
            task = loop.create_task(self._send())
            self._sending.add(task)
            task.add_done_callback(self._sending.discard)
        return await answer

    async def _send(self) -> None:
        batch, self._waiting = self._waiting, []
        try:
            if len(batch) == 1:
                answers = [await self._redis.execute_command(*batch[0][0])]  # type: ignore[no-untyped-call]  # redis-py leaves it bare
            else:
                pipe = self._redis.pipeline(transaction=False)
                for command, _ in batch:
                    pipe.execute_command(*command)
                answers = await pipe.execute(raise_on_error=False)
        except BaseException as error:
            answers = [error] * len(batch)
            if not isinstance(error, Exception):
                raise
        finally:
            for (_, answer), value in zip(batch, answers, strict=True):
                _settle(answer, value)


def _settle(answer: "asyncio.Future[Any]", value: Any) -> None:
    if answer.done():
        return
    if isinstance(value, asyncio.CancelledError):
        answer.cancel()
    elif isinstance(value, BaseException):
        answer.set_exception(value)
    else:
        answer.set_result(value)
