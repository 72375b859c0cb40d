"""What the container's HEALTHCHECK runs: `python -m service.health_probe`, silent and 0, or one line and 1.

API and worker are one image, so the probe reads the role from the command line of process 1. An API is asked for
`/livez`. A worker is well while its processes run: Redis being away is nothing that a restart of the worker heals.
"""

import http.client
import sys
from collections.abc import Sequence
from pathlib import Path

from config import load
from config.sections import ApiSettings

_ROLES = ("api", "worker", "up")
_ANY_ADDRESS = {"0.0.0.0": "127.0.0.1", "::": "::1", "": "127.0.0.1"}  # noqa: S104 - compared with, not listened on
# of `man 5 proc`: stopped, traced, zombie, dead
_NOT_RUNNING = frozenset("TtZXx")
_TIMEOUT_S = 4.0


def main() -> None:
    """Exit with 0, or with 1 and the reason on stderr."""
    sys.exit(complaint(Path("/proc"), load().api))


def complaint(proc: Path, api: ApiSettings) -> str | None:
    """Why the container is not well, or None; `proc` is the mount of procfs, `api` says where the API listens."""
    argv = (proc / "1" / "cmdline").read_text().split("\0")
    role = next((word for word in argv if word in _ROLES), None)
    if role is None:
        return f"process 1 is no framequeue {', '.join(_ROLES)}: {' '.join(argv).strip()}"
    stopped = _not_running(proc)
    if stopped or role == "worker":
        return stopped
    host = _option(argv, "--host") or api.host
    return _ask(_ANY_ADDRESS.get(host, host), int(_option(argv, "--port") or api.port))


def _option(argv: Sequence[str], name: str) -> str | None:
    """The value of `--name VALUE` or `--name=VALUE`: the command line goes before the environment."""
    for word, following in zip(argv, [*argv[1:], ""], strict=True):
        if word == name:
            return following
        if word.startswith(f"{name}="):
            return word.partition("=")[2]
    return None


def _not_running(proc: Path) -> str | None:
    """Names the first of process 1 and its children that does not run; children of an `exec` have another parent."""
    for folder in proc.glob("[0-9]*"):
        try:
            name, _, rest = (folder / "stat").read_text().rpartition(")")
        except (FileNotFoundError, ProcessLookupError):  # it ended while we looked
            continue
        state, parent = rest.split()[:2]
        if state in _NOT_RUNNING and "1" in (folder.name, parent):
            return f"process {folder.name} {name.partition('(')[2]!r} is in state {state}"
    return None


def _ask(host: str, port: int) -> str | None:
    connection = http.client.HTTPConnection(host, port, timeout=_TIMEOUT_S)
    try:
        connection.request("GET", "/livez")
        status = connection.getresponse().status
    except (OSError, http.client.HTTPException) as error:
        return f"no answer from {host}:{port}: {error!r}"
    finally:
        connection.close()
    return None if status == http.HTTPStatus.OK else f"/livez answers {status}"


if __name__ == "__main__":
    main()
