"""`framequeue up`: Valkey where no Redis is named, the API and a worker, as one thing that starts and stops whole."""

import os
import shlex
import socket
import sys
import threading
import time
from collections.abc import Mapping
from typing import Self

import httpx

from config import SettingsError
from config.settings import Settings
from jobs.leash import LEASH_VARIABLE
from jobs.store.embedded import EmbeddedError, EmbeddedValkey
from jobs.supervisor.backoff import WRONG_SETTING, how_it_ended
from service.auth import Auth
from service.ended import Ended
from service.pools import ARROW_POOL
from service.stack.child import Child, Out
from service.stack.patience import Patience
from service.supervised import SUPERVISOR, variable

_READY_S = 60.0
_API_DRAIN_S = 10.0
_SUPERVISOR_S = 10.0  # beyond its worker's drain: it kills at five seconds, and gives jobs back
_LOOK_S = 0.1
_DEATHS_BEFORE_READY = 3
_TRY_BODY = (
    '{"pipeline":[{"op":"groupby","by":["region"],"agg":{"total":["amount","sum"]}}],'
    '"inputs":{"df":{"records":[{"region":"N","amount":2},{"region":"S","amount":3},{"region":"N","amount":5}]}}}'
)


class Signals:
    """What the outside asked for: to stop, and then to hurry. Safe to call from a signal handler."""

    def __init__(self) -> None:
        self._stop, self._hurry = threading.Event(), threading.Event()

    def ask(self, *_: object) -> None:
        """Stop; asked again: hurry."""
        (self._hurry if self._stop.is_set() else self._stop).set()

    def stopping(self, wait_s: float = 0.0) -> bool:
        """Whether to stop, as soon as that is asked within `wait_s`."""
        return self._stop.wait(wait_s) if wait_s else self._stop.is_set()

    def hurried(self) -> bool:
        """Whether to hurry."""
        return self._hurry.is_set()


class Stack:
    """The whole stack as a context manager: ready inside, gone after, whichever way it ends.

    Raises Ended with one line when it cannot start. `out` receives a role and a line of its output.
    """

    def __init__(self, settings: Settings, out: Out, signals: Signals | None = None) -> None:
        self._settings = settings
        self._out = out
        self._signals = signals or Signals()
        self._valkey: EmbeddedValkey | None = None
        self._leash: tuple[int, int] | None = None
        self._children: tuple[Child, ...] = ()
        self.url = ""

    def __enter__(self) -> Self:
        try:
            self._start()
        except BaseException:
            self.stop()
            raise
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()

    def watch(self) -> None:
        """Keep everything running until a stop is asked for; raises Ended when that cannot be done."""
        while not self._signals.stopping(_LOOK_S):
            self._look()

    def stop(self) -> None:
        """API first, so that nothing new comes in; then the worker, which drains; then Valkey. Repeatable."""
        for child in self._children:
            timeout_s = _API_DRAIN_S if child.role == "api" else self._settings.worker.drain_s + _SUPERVISOR_S
            child.stop(timeout_s, self._signals.hurried)
        self._children = ()
        if self._valkey is not None:
            self._valkey.stop()
            self._valkey = None
        for fd in self._leash or ():
            os.close(fd)
        self._leash = None

    def _start(self) -> None:
        _check_keys(self._settings)
        if self._settings.redis.url is None:
            self._valkey = self._embedded()  # before the port: what a second `up` has to hear is whose folder it is
        host, port = self._settings.api.host, _usable_port(self._settings.api.host, self._settings.api.port)
        self.url = f"http://{_reachable(host)}:{port}"
        self._leash = os.pipe()
        changes = {"FRAMEQUEUE_API__HOST": host, "FRAMEQUEUE_API__PORT": str(port), LEASH_VARIABLE: str(self._leash[0])}
        inherited = [self._leash[0]]
        if self._valkey is not None:
            changes["FRAMEQUEUE_REDIS__URL"] = self._valkey.url
            inherited.append(self._valkey.keep_alive_fd)  # while a worker drains after our own death, Valkey stays
        if self._settings.log.format == "auto" and sys.stderr.isatty():
            changes["FRAMEQUEUE_LOG__FORMAT"] = "console"  # their stderr is our pipe; they cannot see the terminal
        environment = _with(changes)
        environment.setdefault(*ARROW_POOL)
        orders = variable(self._settings, url=self._valkey.url if self._valkey else None)
        self._children = (
            Child("api", "service.cli.api", environment, inherited, self._out),
            Child("worker", SUPERVISOR, environment | orders, inherited, self._out),
        )
        for child in self._children:
            child.start()
        self._wait_ready()

    def _embedded(self) -> EmbeddedValkey:
        try:
            with Patience(lambda line: self._out("up", line)) as say:
                return EmbeddedValkey(self._settings.data_dir, say).start()
        except EmbeddedError as error:
            raise Ended(str(error)) from None

    def _look(self) -> None:
        if self._valkey is not None and (code := self._valkey.exit_code) is not None:
            raise Ended(f"the embedded Valkey {how_it_ended(code)}; its log is {self._valkey.folder / 'valkey.log'}")
        for child in self._children:
            if child.look_after() == WRONG_SETTING:
                raise Ended(f"the {child.role} process refused its settings; see its line above", WRONG_SETTING)

    def _wait_ready(self) -> None:
        deadline, last = time.monotonic() + _READY_S, "no answer"
        with httpx.Client(base_url=self.url, timeout=5.0, trust_env=False) as client:
            while last and not self._signals.stopping(_LOOK_S):
                self._look()
                if any(child.backoff.deaths >= _DEATHS_BEFORE_READY for child in self._children):
                    raise Ended("a process keeps ending at its start; see its lines above")
                if time.monotonic() > deadline:
                    raise Ended(f"the service was not ready within {_READY_S:g} s: {last}")
                last = _unready(client)


def curl_line(url: str, *, with_key: bool) -> str:
    """A command that submits a first job and prints it, done."""
    key = "-H 'Authorization: Bearer YOUR_KEY' " if with_key else ""
    headers = f"{key}-H 'Content-Type: application/json' -H 'Prefer: wait=10'"
    return f"curl -s {headers} {url}/v1/jobs -d {shlex.quote(_TRY_BODY)}"


def _unready(client: httpx.Client) -> str:
    try:
        answer = client.get("/readyz")
    except httpx.TransportError as error:
        return str(error) or type(error).__name__
    return "" if answer.status_code == httpx.codes.OK else f"/readyz says {answer.status_code} {answer.text[:300]}"


def _check_keys(settings: Settings) -> None:
    try:
        Auth.from_settings(settings)
    except SettingsError as error:
        raise Ended(str(error), WRONG_SETTING) from None


def _usable_port(host: str, port: int) -> int:
    """The port itself where it is free, a free one for 0."""
    try:
        family, kind, _, _, address = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE)[
            0
        ]
        with socket.socket(family, kind) as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            probe.bind(address)
            return int(probe.getsockname()[1])
    except OSError as error:
        hint = "choose another with --port (0 takes a free one), or another --host"
        raise Ended(f"cannot listen on {host}:{port} ({error.strerror or error}); {hint}") from None


def _reachable(host: str) -> str:
    here = {"0.0.0.0": "127.0.0.1", "::": "[::1]", "": "127.0.0.1"}  # noqa: S104 compared with, not bound to
    return here.get(host) or (f"[{host}]" if ":" in host else host)


def _with(changes: Mapping[str, str]) -> dict[str, str]:
    # settings ignore case: a variable of the caller's in lower case must not stand beside ours
    return {name: value for name, value in os.environ.items() if name.upper() not in changes} | dict(changes)


def data_place(settings: Settings) -> str:
    """Where the jobs are kept, for people; a password in the URL is not shown."""
    if settings.redis.url is None:
        return f"embedded Valkey, append-only, in {(settings.data_dir / 'valkey').resolve()}"
    url = httpx.URL(settings.redis.url.get_secret_value())
    # the query may hold one as well
    return str(url.copy_with(password=None, username=None, query=None))
