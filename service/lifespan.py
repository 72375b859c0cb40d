"""What starts and stops with the application."""

from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager

from fastapi import FastAPI

from service.dependencies import Services, State


def lifespan_of(services: Services) -> Callable[[FastAPI], AbstractAsyncContextManager[State]]:
    """The lifespan of an application: its queue listens from the first request to the last, and is closed after."""

    @asynccontextmanager
    async def lifespan(_: FastAPI) -> AsyncIterator[State]:
        await services.queue.start()
        try:
            yield {"services": services}
        finally:
            services.results.close()
            await services.queue.close()

    return lifespan
