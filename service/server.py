"""The API process: uvicorn with its C parser, stopped by SIGTERM with exit code 0."""

import contextlib
import gc
import logging
import resource
import signal
import socket
import threading
from collections.abc import Iterator
from importlib.metadata import version
from typing import Final

import uvicorn

from config import Settings
from jobs.queue import JobQueue
from service.access import access_log
from service.app import create_app
from service.auth import Auth
from service.protocol import BoundedProtocol

logger = logging.getLogger(__name__)
GRACE_S: Final = 8
"""How long answers in progress may take once SIGTERM came; with the queue's own closing, all is over in 10 s."""

MOST_FILES: Final = 65_536
"""Open files to ask for; the usual soft limit of 1,024 is fewer than the callers that may wait."""


class Server(uvicorn.Server):
    """uvicorn's server that ends by returning: its own raises the signal again, and the process would die of it."""

    def __init__(self, config: uvicorn.Config, queue: JobQueue) -> None:
        super().__init__(config)
        self._queue = queue

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        """Answer who waits with the job as it stands, then let the answers in progress end."""
        self._queue.stop_waiting()
        await super().shutdown(sockets)

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        """Let SIGINT and SIGTERM ask for the end while the server runs."""
        if threading.current_thread() is not threading.main_thread():
            yield
            return
        before = {number: signal.signal(number, self.handle_exit) for number in (signal.SIGINT, signal.SIGTERM)}
        try:
            yield
        finally:
            for number, handler in before.items():
                signal.signal(number, handler)


def allow_files() -> None:
    """Raise the soft limit of open files to MOST_FILES, or to the hard one: who waits holds a connection."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = MOST_FILES if hard == resource.RLIM_INFINITY else min(hard, MOST_FILES)
    if soft != resource.RLIM_INFINITY and soft < wanted:
        with contextlib.suppress(ValueError, OSError):  # a system may allow less than it says
            resource.setrlimit(resource.RLIMIT_NOFILE, (wanted, hard))


def config_of(settings: Settings, queue: JobQueue, *, access: bool = False) -> uvicorn.Config:
    """How uvicorn serves the application on this queue; raises SettingsError as `serve` does."""
    return uvicorn.Config(
        create_app(settings, queue, access_log(settings.log, wanted=access)),
        host=settings.api.host,
        port=settings.api.port,
        loop="auto",
        http=BoundedProtocol,
        ws="none",
        lifespan="on",
        access_log=False,
        log_config=None,
        server_header=False,
        date_header=True,
        timeout_graceful_shutdown=GRACE_S,
        proxy_headers=False,
    )


def serve(settings: Settings, *, fd: int | None = None, access: bool = False) -> None:
    """Serve until SIGTERM or SIGINT; with `fd`, on that listening socket instead of the settings' host and port.

    `access`: whether there is an access log where the settings leave that open.
    Raises SettingsError before anything is opened where the service would stand open to others without keys.
    """
    allow_files()
    queue = JobQueue.from_settings(settings)
    # what was imported stays: without this a full collection walks all of pandas, 40 ms in which nothing is answered
    gc.collect()
    gc.freeze()
    config = config_of(settings, queue, access=access)
    # not uvicorn's own `fd`: it calls every descriptor a Unix socket, so that TCP_NODELAY stays off, and each answer
    # waits 40 ms for the client's delayed ACK
    if settings.log.level != "debug":  # it says in four lines what we say in one
        logging.getLogger("uvicorn.error").setLevel(logging.WARNING)
    logger.info(_summary(settings, len(queue.catalogue)))
    Server(config, queue).run(sockets=None if fd is None else [socket.socket(fileno=fd)])


def _summary(settings: Settings, ops: int) -> str:
    """What this process is, in one line."""
    keys = "without keys" if Auth.from_settings(settings).open else "with keys"
    place = f"{settings.api.host}:{settings.api.port}"
    return f"framequeue {version('framequeue')} serves {ops} ops on {place}, {keys}, traces {settings.telemetry.traces}"
