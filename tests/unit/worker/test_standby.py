"""A process that stands by: what it waits for, and what ends it."""

import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from jobs.supervisor.messages import GO

CHILD = """
import os
from jobs import leash
from jobs.worker.standby import Standby
standby = Standby.from_environment()
leash.hold(30, standby.wake)
print("ready", "FRAMEQUEUE_STANDBY" in os.environ, flush=True)
standby.wait()
print(open("/proc/self/comm").read().strip(), flush=True)
input()
"""


@contextmanager
def child(waits: str) -> Iterator[tuple["subprocess.Popen[str]", socket.socket]]:
    ours, theirs = socket.socketpair()
    with ours, theirs:
        process = subprocess.Popen(
            [sys.executable, "-c", CHILD],
            env={**os.environ, "FRAMEQUEUE_LEASH_FD": str(theirs.fileno()), "FRAMEQUEUE_STANDBY": waits},
            pass_fds=(theirs.fileno(),),
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        theirs.close()
        with process:
            try:
                yield process, ours
            finally:
                process.kill()


def said(process: "subprocess.Popen[str]") -> str:
    assert process.stdout is not None
    return process.stdout.readline().strip()


def test_it_waits_for_its_word_and_is_a_worker_then() -> None:
    with child("1") as (process, link):
        link.sendall(GO)
        assert said(process) == "ready False"
        assert said(process) == "fq-worker"
        process.send_signal(signal.SIGTERM)
        assert process.wait(20) == -signal.SIGTERM, "until the worker heeds it, a signal does what it does"


def test_a_signal_ends_it_at_once_and_well() -> None:
    with child("1") as (process, _):
        assert said(process) == "ready False"
        ends = time.monotonic() + 20
        while name(process.pid) != "fq-standby":
            assert time.monotonic() < ends
            time.sleep(0.01)
        process.send_signal(signal.SIGTERM)
        assert process.wait(20) == 0


def test_the_end_of_the_link_ends_it() -> None:
    with child("1") as (process, link):
        assert said(process) == "ready False"
        link.close()
        assert process.wait(20) in {0, -signal.SIGTERM}
        assert said(process) == ""


def test_who_does_not_stand_by_waits_for_nothing() -> None:
    with child("") as (process, _):
        assert said(process) == "ready False"
        assert said(process) == "fq-worker"


def name(pid: int) -> str:
    return Path(f"/proc/{pid}/comm").read_text().strip()
