"""A worker that is none: it says what its test has written down, line by line, and goes on."""

import os
import signal
import socket
import sys
import time
from pathlib import Path

from jobs import leash
from jobs.worker.standby import Standby


def main() -> None:
    """The folder is FAKE_WORKER: `say` is sent as it is, `pids` gets a line.

    `exit` has an exit code, `stubborn` passes SIGTERM over, `orphan` leaves a process behind and gets its id.
    """
    folder = Path(os.environ["FAKE_WORKER"])
    with (folder / "pids").open("a") as pids:
        pids.write(f"{os.getpid()}\n")
    if (folder / "exit").exists():
        sys.exit(int((folder / "exit").read_text()))
    if (folder / "orphan").exists():
        leave_orphan(folder / "orphan")
    link = socket.socket(fileno=int(os.environ["FRAMEQUEUE_LINK_FD"]))
    standby = Standby.from_environment()
    leash.hold(60, standby.wake)
    standby.wait()
    if (folder / "stubborn").exists():
        signal.signal(signal.SIGTERM, lambda *_: (folder / "asked").touch())
    link.sendall((folder / "say").read_bytes())
    while True:
        time.sleep(0.05)


def leave_orphan(file: Path) -> None:
    if not (between := os.fork()):
        if orphan := os.fork():
            file.write_text(str(orphan))
        else:
            time.sleep(0.5)
        os._exit(0)
    os.waitpid(between, 0)


if __name__ == "__main__":
    main()
