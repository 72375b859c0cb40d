"""The worker's end of the link: it tells what is held, and never blocks."""

import asyncio
import os
import socket
import time
from collections.abc import Iterator

import pytest

from jobs.model import Job
from jobs.state import JobState
from jobs.store.claims import Claim
from jobs.supervisor.messages import LINK_VARIABLE, Alive, AnyMessage, Begun, Ended, Hello, Lines, Retire
from jobs.worker.link import Link
from tests.store.build import spec


@pytest.fixture
def ends() -> Iterator[tuple[socket.socket, socket.socket]]:
    ours, theirs = socket.socketpair()
    with ours, theirs:
        theirs.settimeout(0)
        yield ours, theirs


def claim(number: int, plain: bool = False) -> Claim:
    name = f"job_{number}"
    job = Job(id=name, spec=spec(timeout_s=30), state=JobState.RUNNING, version=2, attempt=4, created_ms=1)
    return Claim(id=name, token=f"w:1:{name}", score=0, job=None if plain else job, max_attempts=3, inputs={})


def heard(end: socket.socket, lines: Lines | None = None) -> list[AnyMessage]:
    lines, messages = lines or Lines(), []
    try:
        while data := end.recv(1 << 16):
            messages += lines.feed(data)
    except BlockingIOError:
        pass
    return messages


def test_what_has_begun_is_with_the_kernel_at_once(ends: tuple[socket.socket, socket.socket]) -> None:
    link, before = Link(ends[0]), time.monotonic()
    link.hello("w", "w x")
    link.begun([claim(1), claim(2, plain=True)])
    link.begun([])
    hello, begun = heard(ends[1])
    assert hello == Hello(worker_id="w", info="w x")
    assert isinstance(begun, Begun)
    ours, plain = begun.held
    assert (ours.id, ours.token, ours.attempt, ours.timeout_s, ours.result_ttl_s) == ("job_1", "w:1:job_1", 4, 30, 100)
    assert ours.deadline is not None
    assert before + 30 <= ours.deadline <= time.monotonic() + 30
    assert (plain.id, plain.deadline) == ("job_2", None)


async def test_ends_are_told_together(ends: tuple[socket.socket, socket.socket]) -> None:
    link = Link(ends[0])
    link.begun([claim(1), claim(2)])
    heard(ends[1])
    link.ended(claim(1))
    link.ended(claim(2))
    link.ended(claim(2))
    assert heard(ends[1]) == []
    await asyncio.sleep(0)
    assert heard(ends[1]) == [Ended(tokens=("w:1:job_1", "w:1:job_2"))]


def test_a_full_socket_blocks_nobody_and_the_rest_follows(ends: tuple[socket.socket, socket.socket]) -> None:
    link, lines, said = Link(ends[0]), Lines(), 0
    while not link._unsent:
        link.alive(said)
        said += 1
    link.alive(said)
    first = heard(ends[1], lines)
    link.alive(said + 1)
    assert [one.renewed_at for one in first + heard(ends[1], lines) if isinstance(one, Alive)] == list(range(said + 2))


async def test_who_was_deaf_for_long_hears_all_that_is_held_anew(ends: tuple[socket.socket, socket.socket]) -> None:
    link, lines = Link(ends[0]), Lines()
    link.begun([claim(0)])
    for number in range(1, 8000):
        link.begun([claim(number)])
        if number != 7:
            link.ended(claim(number))
        if not number % 50:
            await asyncio.sleep(0)
    link.ended(claim(0))
    await asyncio.sleep(0)
    assert len(link._unsent) < 1 << 17
    messages = heard(ends[1], lines)
    link.retire("why")
    messages += heard(ends[1], lines)
    held: dict[str, object] = {}
    for message in messages:
        if isinstance(message, Begun):
            held = {} if message.anew else held
            held.update((one.id, one) for one in message.held)
        if isinstance(message, Ended):
            for token in message.tokens:
                held.pop(token.rpartition(":")[2], None)
    assert list(held) == ["job_7"]
    assert any(isinstance(one, Begun) and one.anew for one in messages)
    assert messages[-1] == Retire(why="why")


def test_a_supervisor_that_is_gone_is_no_error(ends: tuple[socket.socket, socket.socket]) -> None:
    link = Link(ends[0])
    ends[1].close()
    link.alive(1)
    link.begun([claim(1)])


async def test_without_a_supervisor_nothing_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv(LINK_VARIABLE, raising=False)
    link = Link.from_environment()
    link.hello("w", "w x")
    link.begun([claim(1)])
    link.ended(claim(1))
    link.retire("why")


def test_its_name_does_not_reach_the_worker_s_own_children(
    ends: tuple[socket.socket, socket.socket], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(LINK_VARIABLE, str(ends[0].fileno()))
    link = Link.from_environment()
    assert LINK_VARIABLE not in os.environ
    link.alive(2)
    assert heard(ends[1]) == [Alive(renewed_at=2)]
    assert link._to is not None
    link._to.close()
