"""A worker that is none: it says what its test has written down, line by line, and goes on."""

import os
import signal
import socket
import sys
import time
from pathlib import Path

from jobs import leash


def main() -> None:
    """The folder is FAKE_WORKER: `say` is sent as it is, `pids` gets a line, `stubborn` passes SIGTERM over."""
    folder = Path(os.environ["FAKE_WORKER"])
    with (folder / "pids").open("a") as pids:
        pids.write(f"{os.getpid()}\n")
    if (folder / "exit").exists():
        sys.exit(int((folder / "exit").read_text()))
    if (folder / "stubborn").exists():
        signal.signal(signal.SIGTERM, lambda *_: (folder / "asked").touch())
    link = socket.socket(fileno=int(os.environ["FRAMEQUEUE_LINK_FD"]))
    leash.hold(60)
    link.sendall((folder / "say").read_bytes())
    while True:
        time.sleep(0.05)


if __name__ == "__main__":
    main()
