"""100 rows of JSON through a groupby of three aggregates, over HTTP: jobs a second, and a lone job."""

import asyncio
import json
import time
from collections.abc import Awaitable, Callable, Iterator
from dataclasses import dataclass

from tests.benchmarks import processes, stacks
from tests.benchmarks.client import Answer, Connection, run
from tests.benchmarks.environments import PeerMissingError
from tests.benchmarks.report import Options, Row, at_least, at_most, median

RECORDS = [{"region": "NSEW"[i % 4], "amount": i * 1.5, "qty": i % 7, "note": f"row {i}"} for i in range(100)]
PIPELINE = [
    {
        "op": "groupby",
        "by": ["region"],
        "agg": {"total": ["amount", "sum"], "orders": [None, "size"], "mean": ["amount", "mean"]},
    }
]
OURS = json.dumps({"pipeline": PIPELINE, "inputs": {"df": {"records": RECORDS}}}).encode()
PEERS = json.dumps(RECORDS).encode()
JSON = "content-type: application/json"
CONNECTIONS = 16
LIMIT_S = 120
# a wait of the client's own, where the peer has none
POLL_S = 0.01
LONE_POLL_S = 0.002


@dataclass(frozen=True, slots=True)
class Side:
    """How one side is asked; `lone` gives the result of one job in hand."""

    submit: Callable[[Connection], Awaitable[Answer]]
    lone: Callable[[Connection], Awaitable[Answer]]
    result_path: str


@dataclass(frozen=True, slots=True)
class Counts:
    """How much is measured in one round."""

    rounds: int
    ours: int
    theirs: int
    lone: int
    lone_peer: int


async def _submit_ours(connection: Connection) -> Answer:
    return await connection.request("POST", "/v1/jobs", OURS, JSON)


async def _lone_ours(connection: Connection) -> Answer:
    return await connection.request("POST", "/v1/jobs", OURS, JSON, "prefer: wait=10")


async def _submit_peer(connection: Connection) -> Answer:
    return await connection.request("POST", "/jobs", PEERS, JSON)


async def _lone_peer(connection: Connection) -> Answer:
    return await connection.request("POST", "/jobs?wait=10", PEERS, JSON)


async def _lone_polled(connection: Connection) -> Answer:
    accepted = await _submit_peer(connection)
    path = "/jobs/" + json.loads(accepted.body)["id"]
    while (answer := await connection.request("GET", path)).status == 409:
        await asyncio.sleep(LONE_POLL_S)
    return answer


FRAMEQUEUE = Side(_submit_ours, _lone_ours, "/v1/jobs/{}/result")
PEER = Side(_submit_peer, _lone_peer, "/jobs/{}")


def side_of(peer: stacks.Peer) -> Side:
    """How this peer is asked."""
    return PEER if peer.waits else Side(_submit_peer, _lone_polled, "/jobs/{}")


async def warm(port: int, side: Side) -> None:
    """Jobs one by one until one is done: only then is the worker known to be up."""
    while True:
        connection = await Connection.open(port)
        answer = await side.lone(connection)
        connection.close()
        if b"region" in answer.body:
            return


async def throughput(port: int, side: Side, jobs: int) -> tuple[float, int]:
    """Jobs a second, from the first submit to the last result in hand, and how many jobs the side itself lost."""
    connections = [await Connection.open(port) for _ in range(CONNECTIONS)]
    ids: list[str] = []
    lost = 0
    started = time.perf_counter()

    async def submit(connection: Connection) -> None:
        while len(ids) < jobs:
            ids.append("")
            slot = len(ids) - 1
            answer = await side.submit(connection)
            assert answer.status == 202, answer
            ids[slot] = json.loads(answer.body)["id"]

    async def fetch(connection: Connection, mine: list[str]) -> None:
        nonlocal lost
        for job_id in mine:
            answer = await connection.request("GET", side.result_path.format(job_id))
            while answer.status == 409:
                await asyncio.sleep(POLL_S)
                answer = await connection.request("GET", side.result_path.format(job_id))
            if answer.status == 200:
                assert len(json.loads(answer.body)) == 4, answer
            else:
                lost += 1

    await asyncio.gather(*map(submit, connections))
    await asyncio.gather(*(fetch(one, ids[n::CONNECTIONS]) for n, one in enumerate(connections)))
    taken = time.perf_counter() - started
    for connection in connections:
        connection.close()
    return (jobs - lost) / taken, lost


async def lone_ms(port: int, side: Side, tries: int) -> float | None:
    """The median time of a job that is alone, in milliseconds."""
    connection = await Connection.open(port)
    times = []
    for _ in range(tries):
        started = time.perf_counter()
        answer = await side.lone(connection)
        times.append((time.perf_counter() - started) * 1000)
        assert answer.status in {200, 202}, answer
        assert b"region" in answer.body, answer
    connection.close()
    return median(times)


def measure(options: Options) -> Iterator[Row]:
    """Ours with each peer in turn; a peer that cannot be had says so in its row."""
    counts = Counts(1, 300, 120, 40, 3) if options.quick else Counts(3, 1500, 500, 200, 8)
    with processes.valkey() as redis, stacks.framequeue(redis) as ours:
        run(warm(ours.port, FRAMEQUEUE), LIMIT_S)
        run(throughput(ours.port, FRAMEQUEUE, 100), LIMIT_S)
        for peer in stacks.peers(everyone=options.peers):
            options.say(f"http: beside {peer.title}")
            try:
                with stacks.running(peer, redis) as theirs:
                    yield from _beside(peer, ours, theirs, counts)
            except PeerMissingError as error:
                yield Row("100-row jobs over HTTP", "jobs/s", None, None, peer.title, note=str(error))
            except (AssertionError, TimeoutError) as error:
                note = f"failed: {type(error).__name__}: {error}"[:200]
                yield Row("100-row jobs over HTTP", "jobs/s", None, None, peer.title, note=note, failed=True)


def _beside(peer: stacks.Peer, ours: stacks.Stack, theirs: stacks.Stack, counts: Counts) -> Iterator[Row]:
    side = side_of(peer)
    run(warm(theirs.port, side), LIMIT_S)
    run(throughput(theirs.port, side, 50), LIMIT_S)
    fast, cpu, lone, lost = [], [], [], 0
    for _ in range(counts.rounds):
        mine, failed, my_cpu = _round(ours, FRAMEQUEUE, counts.ours)
        assert not failed, f"{failed} of our own jobs did not succeed"
        other, failed, other_cpu = _round(theirs, side, counts.theirs)
        lost += failed
        fast.append((mine, other))
        cpu.append((sum(my_cpu), sum(other_cpu)))
        alone = run(lone_ms(ours.port, FRAMEQUEUE, counts.lone), LIMIT_S) or 0.0
        lone.append((alone, run(lone_ms(theirs.port, side, counts.lone_peer), LIMIT_S) or 0.0))
    details = {"cpu_ms_of_api_and_worker": my_cpu, "cpu_ms_of_peer": other_cpu}
    fast_target = at_least(4) if peer is stacks.STOCK_ARQ else None
    lone_target = at_most(0.5) if peer is stacks.SAQ else None
    frail = "" if peer.worker else "in the API's own process, nothing durable"
    frail = f"the peer failed {lost} jobs" if lost else frail
    polled = "" if peer.waits else f"no wait of its own: polled every {LONE_POLL_S * 1000:g} ms"
    yield Row("100-row jobs over HTTP", "jobs/s", *_medians(fast), peer.title, fast_target, frail, {"rounds": fast})
    yield Row("  CPU a job, API and worker", "ms", *_medians(cpu), peer.title, details=details)
    yield Row("a lone job, waited for", "ms", *_medians(lone), peer.title, lone_target, polled, {"rounds": lone})


def _round(stack: stacks.Stack, side: Side, jobs: int) -> tuple[float, int, list[float]]:
    """Jobs a second, jobs lost, and what one costs: CPU milliseconds of the API and of the worker with all below it."""
    before = _cpu_s(stack)
    speed, lost = run(throughput(stack.port, side, jobs), LIMIT_S)
    return speed, lost, [(end - start) * 1000 / jobs for start, end in zip(before, _cpu_s(stack), strict=True)]


def _cpu_s(stack: stacks.Stack) -> list[float]:
    worker = [stack.worker.pid, *processes.descendants(stack.worker.pid)] if stack.worker else []
    return [processes.cpu_s(stack.api.pid), sum(map(processes.cpu_s, worker))]


def _medians(pairs: list[tuple[float, float]]) -> tuple[float | None, float | None]:
    return median(pair[0] for pair in pairs), median(pair[1] for pair in pairs)
