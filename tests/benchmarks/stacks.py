"""What is measured: framequeue, and the peers, each an API and a worker process on one Valkey."""

import sys
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass

from redis import Redis

from tests.benchmarks import environments
from tests.benchmarks.environments import PeerMissingError
from tests.benchmarks.processes import START_S, Process, free_port, listens, process, until


@dataclass(frozen=True, slots=True)
class Stack:
    """A running API and its worker (None where the API does the work itself)."""

    port: int
    api: Process
    worker: Process | None
    again: tuple[tuple[str, ...], dict[str, str]] = ((), {})
    """The command and environment that start the worker once more."""


@dataclass(frozen=True, slots=True)
class Peer:
    """A project for such work too. `worker` are the words after `python -m`; `waits`: it can wait for a result."""

    name: str
    module: str
    database: int
    worker: tuple[str, ...] = ()
    own: str = ""
    """The environment, where it is not ours."""
    package: str = ""
    waits: bool = True

    @property
    def title(self) -> str:
        """Its name and, where it is pinned here, its version."""
        version = environments.version(self.own, self.package) if self.own else ""
        return f"{self.name} {version}".strip()

    def python(self) -> str:
        """Its interpreter, installed on first use."""
        return environments.python(self.own) if self.own else sys.executable


_MODULES = "tests.benchmarks.peers"
STOCK_ARQ = Peer("stock ARQ", f"{_MODULES}.stock_arq", 1, ("arq", f"{_MODULES}.stock_arq.WorkerSettings"))
SAQ = Peer("SAQ", f"{_MODULES}.on_saq", 2, ("saq", f"{_MODULES}.on_saq.settings", "--quiet"), "saq", "saq")
_TASKIQ = ("taskiq", "worker", f"{_MODULES}.on_taskiq:broker", "--workers", "1", "--max-threadpool-threads", "2")
TASKIQ = Peer("taskiq", f"{_MODULES}.on_taskiq", 3, (*_TASKIQ, "--log-level", "WARNING"), "taskiq", "taskiq")
_CELERY = ("celery", "-A", f"{_MODULES}.on_celery:celery", "worker", "--pool", "threads", "--concurrency", "2")
CELERY = Peer("Celery", f"{_MODULES}.on_celery", 4, (*_CELERY, "--loglevel", "WARNING"), "celery", "celery")
BACKGROUND = Peer("BackgroundTasks", f"{_MODULES}.background", 5, (), "background", "fastapi", waits=False)


def peers(*, everyone: bool) -> tuple[Peer, ...]:
    """Whom to compare with: stock ARQ and SAQ always, the others where they are asked for."""
    return (STOCK_ARQ, SAQ, TASKIQ, CELERY, BACKGROUND) if everyone else (STOCK_ARQ, SAQ)


@contextmanager
def framequeue(redis_url: str, *, worker: bool = True, **settings: str) -> Iterator[Stack]:
    """Ours as it comes, with these settings (`LIMITS__BODY_BYTES="1"`)."""
    port = free_port()
    given = {f"FRAMEQUEUE_{name}": value for name, value in settings.items()}
    environment = {
        "REDIS_URL": f"{redis_url}/0",
        "FRAMEQUEUE_API__PORT": str(port),
        "FRAMEQUEUE_LOG__LEVEL": "warning",
        **given,
    }
    command = (sys.executable, "-m", "service.cli", "worker")
    with ExitStack() as stack:
        api = stack.enter_context(process(sys.executable, "-m", "service.cli", "api", **environment))
        works = stack.enter_context(process(*command, **environment)) if worker else None
        _until_up(port, api, works)
        yield Stack(port, api, works, (command, environment))


@contextmanager
def running(peer: Peer, redis_url: str) -> Iterator[Stack]:
    """The peer in a database of its own; raises PeerMissingError where it cannot be had."""
    python, port, environment = peer.python(), free_port(), {"REDIS_URL": f"{redis_url}/{peer.database}"}
    with Redis.from_url(environment["REDIS_URL"]) as redis:
        redis.flushdb()
    api_command = (python, "-m", "uvicorn", f"{peer.module}:app", "--port", str(port), "--log-level", "warning")
    command = (python, "-m", *peer.worker)
    with ExitStack() as stack:
        api = stack.enter_context(process(*api_command, "--no-access-log", **environment))
        works = stack.enter_context(process(*command, **environment)) if peer.worker else None
        try:
            _until_up(port, api, works)
        except (RuntimeError, TimeoutError) as error:
            raise PeerMissingError(f"not started: {str(error)[-160:]}") from error
        try:
            yield Stack(port, api, works, (command, environment))
        except (AssertionError, OSError, TimeoutError) as error:
            try:
                _check(api, works)
            except RuntimeError as death:
                raise PeerMissingError(f"it died: {str(death)[-160:]}") from error
            raise


def _check(*processes: Process | None) -> None:
    for one in processes:
        if one is not None:
            one.check()


def _until_up(port: int, *processes: Process | None) -> None:
    def up() -> bool:
        _check(*processes)
        return listens(port)

    until(up, START_S, f"nothing listens on port {port}")
