"""The lines between a worker and its supervisor."""

import pytest

from jobs.supervisor.messages import Alive, Begun, Ended, Held, Hello, Lines, Retire, encode

HELD = Held(id="job_a", token="w:1:job_a", attempt=2, timeout_s=3.5, result_ttl_s=60, deadline=1234.5)
MESSAGES = [
    Hello(worker_id="w", info="w 1"),
    Begun(held=(HELD, Held(id="plain", token="w:1:plain"))),
    Begun(held=(), anew=True),
    Ended(tokens=("w:1:job_a",)),
    Alive(renewed_at=7.25),
    Retire(why="a line\nand a second"),
]


def test_what_is_said_is_heard() -> None:
    assert Lines().feed(b"".join(map(encode, MESSAGES))) == MESSAGES


@pytest.mark.parametrize("size", [1, 2, 7, 100])
def test_however_it_is_cut(size: int) -> None:
    lines, data = Lines(), b"".join(map(encode, MESSAGES))
    heard = [message for start in range(0, len(data), size) for message in lines.feed(data[start : start + size])]
    assert heard == MESSAGES


def test_what_is_no_message_is_passed_over() -> None:
    noise = b"\xff\n\n[]\n" + b'{"is":"unknown"}\n' + b'{"is":"ended"}\n'
    assert Lines().feed(noise + encode(MESSAGES[0])) == [MESSAGES[0]]
