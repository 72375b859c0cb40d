"""Events over a real server: streams that can be broken off and resumed anywhere, and the same as JSON."""

import asyncio
import re
import socket
from collections.abc import AsyncIterator, Callable
from pathlib import Path
from typing import Any

import pytest

from config import Settings
from jobs.state import JobState
from jobs.store import keys
from service.routes import events as routes
from tests.acceptance.mortal import Server as Valkey
from tests.acceptance.streams import Served, all_events, body, following, kinds, rest, served, take
from tests.http.live import until

WHOLE = ["job.queued", "job.started", "job.progress", "job.succeeded"]


@pytest.fixture
async def live(settings: Callable[..., Settings], valkey: str) -> AsyncIterator[Served]:
    async with served(settings(redis={"url": valkey})) as found:
        yield found


async def a_story(live: Served, progresses: int = 1) -> str:
    """A job that was queued, started, went on so many steps, and succeeded."""
    job = await live.submit()
    (claim,) = await live.claim()
    for step in range(progresses):
        await live.progress(claim, step + 1)
    await live.end(claim)
    return job.id


async def test_a_stream_from_the_first_event_to_the_last(live: Served) -> None:
    """Contract: without Last-Event-ID a stream begins with the job's first event; after the terminal event it ends."""
    job = await live.submit()
    async with following(live, job.id) as events:
        seen = await take(events, 1)
        (claim,) = await live.claim()
        await live.progress(claim, 1, 2)
        seen += await take(events, 2)
        await live.end(claim)
        seen += await rest(events)
    assert kinds(seen) == WHOLE
    shown = [body(one) for one in seen]
    for one in shown:
        assert one.keys() == {"id", "type", "timestamp", "data"}
        assert one["data"].keys() == {"job_id", "state", "version", "attempt", "progress"}
        assert one["data"]["job_id"] == job.id
        assert one["timestamp"].endswith("Z")
    assert [one["data"]["state"] for one in shown] == ["queued", "running", "running", "succeeded"]
    assert [one["data"]["version"] for one in shown] == [1, 2, 3, 4]
    assert [one["data"]["attempt"] for one in shown] == [0, 1, 1, 1]
    assert [one["data"]["progress"]["fraction"] for one in shown] == [0.0, 0.0, 0.5, 1.0]


async def test_the_head_of_a_stream(live: Served) -> None:
    job_id = await a_story(live)
    answer = await live.api.get(f"/v1/jobs/{job_id}/events")
    assert answer.headers["content-type"] == "text/event-stream"
    assert answer.headers["cache-control"] == "no-store"
    assert answer.headers["x-accel-buffering"] == "no"
    assert answer.text.count("\n\n") == 4


async def test_a_stream_resumes_anywhere_without_gaps_or_repeats(live: Served) -> None:
    """Contract: the SSE `id` is the event id: no gaps and no repeats after a reconnect."""
    job = await live.submit()
    (claim,) = await live.claim()
    seen: list[Any] = []
    for step in range(1, 30):
        await live.progress(claim, step)
        async with following(live, job.id, seen[-1].id if seen else None) as events:
            seen += await take(events, 1)
    await live.end(claim)
    seen += await all_events(live, job.id, seen[-1].id)
    assert [body(one)["data"]["version"] for one in seen] == list(range(1, 33))
    assert kinds(seen).count("job.succeeded") == 1


async def test_a_reconnect_after_the_end_is_204(live: Served) -> None:
    """Contract: a reconnect after the terminal event gets 204."""
    seen = await all_events(live, job_id := await a_story(live))
    answer = await live.api.get(f"/v1/jobs/{job_id}/events", headers={"last-event-id": seen[-1].id})
    assert (answer.status_code, answer.content) == (204, b"")
    assert kinds(await all_events(live, job_id, seen[-2].id)) == ["job.succeeded"]


@pytest.mark.parametrize(
    "last_id",
    ["x", "1-", "-1", "1-2-3", "1 2", "9999999999999999999999-0", "18446744073709551616-0", f"{2**64 - 1}-{2**64 - 1}"],
)
async def test_a_malformed_id_is_400(live: Served, last_id: str) -> None:
    """Contract: a malformed event id is 400."""
    job_id = await a_story(live)
    answer = await live.api.get(f"/v1/jobs/{job_id}/events", headers={"last-event-id": last_id})
    assert (answer.status_code, answer.json()["code"]) == (400, "header.malformed")
    answer = await live.api.get(f"/v1/jobs/{job_id}/events", params={"after": last_id})
    assert answer.status_code == 400


async def test_a_trimmed_id_gives_a_snapshot_first(live: Served) -> None:
    """Contract: a trimmed id gives a snapshot first, of type `job.snapshot`."""
    job = await live.submit()
    (claim,) = await live.claim()
    async with following(live, job.id) as events:
        first = (await take(events, 1))[0]
    for step in range(1, 2_001):
        await live.progress(claim, step)
    for last_id in (first.id, None):
        async with following(live, job.id, last_id) as events:
            snapshot = (await take(events, 1))[0]
    assert snapshot.event == "job.snapshot"
    data = body(snapshot)["data"]
    assert (data["state"], data["version"], data["attempt"], data["progress"]["step"]) == ("running", 2_002, 1, 2_000)
    await live.progress(claim, 2_001)
    await live.end(claim)
    # the snapshot's own id is a place to resume at
    assert kinds(await all_events(live, job.id, snapshot.id)) == ["job.progress", "job.succeeded"]
    assert kinds(await all_events(live, job.id, first.id)) == ["job.snapshot", "job.succeeded"]
    (page,) = [(await live.api.get(f"/v1/jobs/{job.id}/events?after={first.id}")).json()["events"]]
    assert [one["type"] for one in page] == ["job.snapshot", "job.succeeded"]


async def test_where_only_the_end_is_kept(live: Served) -> None:
    seen = await all_events(live, job_id := await a_story(live))
    await live.redis.xtrim(keys.events(job_id), maxlen=1, approximate=False)
    again = await all_events(live, job_id, seen[0].id)
    assert kinds(again) == ["job.snapshot", "job.succeeded"]
    assert kinds(await all_events(live, job_id, again[0].id)) == ["job.succeeded"]
    assert (await live.api.get(f"/v1/jobs/{job_id}/events", headers={"last-event-id": again[1].id})).status_code == 204


async def test_events_as_json(live: Served) -> None:
    """Contract: `?after=` gives `{"events": []}` as JSON."""
    job_id = await a_story(live, progresses=150)
    streamed = [body(one) for one in await all_events(live, job_id)]
    seen: list[Any] = []
    for page in range(3):
        answer = await live.api.get(f"/v1/jobs/{job_id}/events?after={seen[-1]['id'] if seen else ''}")
        assert answer.json().keys() == {"events"}
        assert len(answer.json()["events"]) == [100, 53, 0][page]
        seen += answer.json()["events"]
    assert seen == streamed
    zero = (await live.api.get(f"/v1/jobs/{job_id}/events?after=0")).json()["events"]
    assert zero == streamed[:100]
    assert (await live.api.get(f"/v1/jobs/{job_id}/events?afte=0")).status_code == 422


async def test_json_waits_for_the_next_event(live: Served) -> None:
    job = await live.submit(delay_s=60)
    path = f"/v1/jobs/{job.id}/events?after="
    answer = await live.api.get(path, headers={"prefer": "wait=0"})
    assert (answer.json(), answer.headers["preference-applied"]) == ({"events": []}, "wait=0")
    waiting = asyncio.create_task(live.api.get(path, headers={"prefer": "wait=30"}))
    await until(lambda: live.queue._changes._watches.get(job.id))
    await live.queue.cancel("default", job.id)
    answer = await waiting
    assert [one["type"] for one in answer.json()["events"]] == ["job.canceled"]
    assert answer.headers["preference-applied"] == "wait=30"
    again = await live.api.get(path + answer.json()["events"][0]["id"], headers={"prefer": "wait=30"})
    assert again.json() == {"events": []}


async def test_a_silent_stream_is_kept_alive(live: Served, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(routes, "KEEPALIVE_S", 0.05)
    job = await live.submit(delay_s=60)
    async with live.api.stream("GET", f"/v1/jobs/{job.id}/events") as answer:
        lines = answer.aiter_lines()
        async with asyncio.timeout(10):
            assert [await anext(lines) for _ in range(6)] == [": ping", ""] * 3
        await live.queue.cancel("default", job.id)
        async with asyncio.timeout(10):
            assert "event: job.canceled" in [line async for line in lines]


async def test_a_reader_that_leaves_leaves_nothing(live: Served) -> None:
    job = await live.submit()
    async with following(live, job.id) as events:
        await take(events, 1)
        await until(lambda: live.queue._changes._watches.get(job.id))
    await until(lambda: not live.queue._changes._watches)
    await live.queue.cancel("default", job.id)


async def test_a_stream_ends_cleanly_when_the_service_stops(live: Served) -> None:
    job = await live.submit()
    async with following(live, job.id) as events:
        await take(events, 1)
        await live.stop()
        # no error: the last chunk of the body comes, and so the reader knows it was whole
        assert await rest(events) == []
    await live.queue.cancel("default", job.id)


async def test_a_deleted_job_ends_its_streams(live: Served) -> None:
    job = await live.submit()
    async with following(live, job.id) as events:
        await take(events, 1)
        await live.redis.delete(keys.job(job.id), keys.inputs(job.id), keys.arq_job(job.id), keys.events(job.id))
        await live.redis.zrem(live.store.queue, job.id)
        await live.redis.delete(*await live.redis.keys("framequeue:tenant:*"))
        live.queue._changes.wake_all()
        assert await rest(events) == []


async def test_a_reader_that_does_not_read_costs_little(live: Served) -> None:
    """Its connection holds some kilobytes, and what it has not read waits in Redis."""
    job = await live.submit()
    (claim,) = await live.claim()
    with socket.socket() as slow:
        slow.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4_096)
        slow.connect(("127.0.0.1", live.port))
        slow.sendall(f"GET /v1/jobs/{job.id}/events HTTP/1.1\r\nhost: x\r\n\r\n".encode())
        for begins in range(1, 3_000, 50):
            await asyncio.gather(*(live.progress(claim, begins + n) for n in range(50)))
        held = [
            protocol.transport.get_write_buffer_size()  # type: ignore[attr-defined]
            for protocol in live.server.server_state.connections
        ]
        # asyncio pauses a writer above 64 KiB and lets it go on below 16 KiB, so a full connection holds between the
        # two, as far as the kernel has taken some; one batch of a hundred events may stand above that
        assert 16 * 1024 <= max(held) < 64 * 1024 + 100 * 400
        await live.end(claim)
        slow.settimeout(0)
        data = await asyncio.wait_for(_drain(slow), 30)
    assert data.count(b"event: job.succeeded") == 1
    # it was too far behind for what is kept: told so by a snapshot, and nothing came twice
    assert data.count(b"event: job.snapshot") == 1
    versions = [int(one) for one in re.findall(rb'"version":(\d+)', data)]
    assert versions == sorted(versions)
    assert len(set(versions)) >= len(versions) - 1


async def _drain(slow: socket.socket) -> bytes:
    loop, data = asyncio.get_running_loop(), b""
    while not data.endswith(b"\r\n0\r\n\r\n"):
        data += await loop.sock_recv(slow, 65_536)
    return data


async def test_a_stream_survives_a_restart_of_redis(settings: Callable[..., Settings], tmp_path: Path) -> None:
    valkey = Valkey(tmp_path / "valkey")
    url = f"redis://127.0.0.1:{valkey.port}/0"
    try:
        async with served(settings(redis={"url": url, "connect_timeout_s": 1, "command_timeout_s": 2})) as live:
            job = await live.submit()
            async with following(live, job.id) as events:
                seen = await take(events, 1)
                (claim,) = await live.claim()
                seen += await take(events, 1)
                valkey.kill()
                refused = await live.api.get(f"/v1/jobs/{job.id}/events")
                assert (refused.status_code, refused.json()["code"]) == (503, "store.unavailable")
                valkey.start()
                await live.progress(claim, 1, 2)
                await live.end(claim)
                seen += await rest(events)
            assert kinds(seen) == WHOLE
    finally:
        valkey.kill()


async def test_a_failed_job_tells_how_far_it_came(live: Served) -> None:
    job = await live.submit()
    (claim,) = await live.claim()
    await live.progress(claim, 1, 4)
    await live.end(claim, JobState.FAILED)
    last = body((await all_events(live, job.id))[-1])
    shown = (await live.api.get(f"/v1/jobs/{job.id}")).json()
    assert last["type"] == "job.failed"
    assert last["data"]["progress"] == shown["progress"] == {"step": 1, "steps": 4, "fraction": 0.25}
    assert last["data"]["version"] == shown["version"]
