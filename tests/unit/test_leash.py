"""Our children end with their parent."""

import os
import signal
import subprocess
import sys

CHILD = """
import signal, sys, time
from jobs.leash import hold
{handler}
print(hold({drain}), flush=True)
time.sleep(60)
"""


def child(drain: float, handler: str = "") -> tuple[subprocess.Popen[str], int]:
    reading, writing = os.pipe()
    process = subprocess.Popen(
        [sys.executable, "-c", CHILD.format(drain=drain, handler=handler)],
        env={**os.environ, "FRAMEQUEUE_LEASH_FD": str(reading)},
        pass_fds=(reading,),
        stdout=subprocess.PIPE,
        text=True,
    )
    os.close(reading)
    assert process.stdout.readline() == "True\n"
    return process, writing


def test_the_end_of_the_pipe_is_a_sigterm():
    process, writing = child(drain=30)
    with process:
        assert process.poll() is None
        os.close(writing)
        assert process.wait(10) == -signal.SIGTERM


def test_who_does_not_end_in_time_is_ended():
    process, writing = child(drain=0.2, handler="signal.signal(signal.SIGTERM, lambda *_: None)")
    with process:
        os.close(writing)
        assert process.wait(10) == 1


def test_without_a_leash_nothing_is_watched():
    code = "from jobs.leash import hold; import threading; print(hold(1), threading.active_count())"
    environment = {name: value for name, value in os.environ.items() if name != "FRAMEQUEUE_LEASH_FD"}
    answer = subprocess.run([sys.executable, "-c", code], env=environment, capture_output=True, text=True, check=True)
    assert answer.stdout == "False 1\n"
