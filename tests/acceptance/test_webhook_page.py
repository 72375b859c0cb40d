"""The receiver that docs/webhooks.md shows does what the page says."""

import os
import re
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from jobs.webhooks.sender import HttpSender
from jobs.webhooks.signing import new_secret, signed
from jobs.webhooks.target import AllowList
from tests.acceptance.mortal import free_port
from tests.acceptance.running import until

PAGE = Path(__file__).parents[2] / "docs" / "webhooks.md"
SECRET = new_secret()
BODY = b'{"type": "job.succeeded", "data": {"job_id": "job_a"}}'


def listens(port: int) -> bool:
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0


@pytest.fixture
def shown() -> Iterator[tuple["subprocess.Popen[str]", int]]:
    """The page's script, running."""
    (script,) = re.findall(r"^```python\n(.*?)^```", PAGE.read_text(encoding="utf-8"), re.MULTILINE | re.DOTALL)
    port = free_port()
    environment = os.environ | {"WEBHOOK_SECRET": SECRET, "PORT": str(port)}
    process = subprocess.Popen([sys.executable, "-c", script], env=environment, stdout=subprocess.PIPE, text=True)
    try:
        yield process, port
    finally:
        process.kill()
        process.communicate(timeout=20)


async def test_it_takes_what_is_signed_and_nothing_else(shown: tuple["subprocess.Popen[str]", int]) -> None:
    """Contract: Standard Webhooks signatures."""
    process, port = shown
    await until(lambda: listens(port), 30)
    now = int(time.time())
    cases = [
        (204, now, BODY, [SECRET]),
        (204, now, BODY, [new_secret(), SECRET]),
        (401, now, BODY, [new_secret()]),
        (401, now - 3_600, BODY, [SECRET]),
    ]
    ours = HttpSender(AllowList.of(["127.0.0.1"]), 20)
    for status, at, body, secrets in cases:
        answered = await ours.send(f"http://127.0.0.1:{port}/", signed("job_a:succeeded", at, body, secrets), body)
        assert answered.status == status
    tampered = await ours.send(f"http://127.0.0.1:{port}/", signed("job_a:succeeded", now, BODY, [SECRET]), BODY + b" ")
    assert tampered.status == 401
    assert process.stdout is not None
    assert process.stdout.readline() == "job.succeeded job_a\n"
