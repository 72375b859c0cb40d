"""100 rows of JSON through a groupby of three aggregates, over HTTP: jobs a second, and a lone job."""

import asyncio
import json
import statistics
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from tests.benchmarks import servers
from tests.benchmarks.client import Answer, Connection

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


@dataclass(frozen=True, slots=True)
class Side:
    """How one side is asked."""

    submit: Callable[[Connection], Any]
    lone: Callable[[Connection], Any]
    result_path: str
    unfinished: int


async def _ours_submit(connection: Connection) -> Answer:
    return await connection.request("POST", "/v1/jobs", OURS, JSON)


async def _ours_lone(connection: Connection) -> Answer:
    return await connection.request("POST", "/v1/jobs", OURS, JSON, "prefer: wait=10")


async def _arq_submit(connection: Connection) -> Answer:
    return await connection.request("POST", "/jobs", PEERS, JSON)


async def _arq_lone(connection: Connection) -> Answer:
    return await connection.request("POST", "/jobs?wait=10", PEERS, JSON)


FRAMEQUEUE = Side(_ours_submit, _ours_lone, "/v1/jobs/{}/result", 409)
STOCK_ARQ = Side(_arq_submit, _arq_lone, "/jobs/{}", 409)


async def throughput(port: int, side: Side, jobs: int) -> float:
    """Jobs a second, from the first submit to the last result in hand."""
    connections = [await Connection.open(port) for _ in range(CONNECTIONS)]
    ids: list[str] = []
    started = time.perf_counter()

    async def submit(connection: Connection) -> None:
        while len(ids) < jobs:
            ids.append("")
            slot = len(ids) - 1
            answer = await side.submit(connection)
            assert answer.status == 202, answer
            ids[slot] = json.loads(answer.body)["id"]

    async def fetch(connection: Connection, mine: list[str]) -> None:
        for job_id in mine:
            answer = await connection.request("GET", side.result_path.format(job_id))
            while answer.status == side.unfinished:
                await asyncio.sleep(0.01)
                answer = await connection.request("GET", side.result_path.format(job_id))
            assert answer.status in {200, 202}, answer
            assert len(json.loads(answer.body)) == 4, answer

    await asyncio.gather(*map(submit, connections))
    await asyncio.gather(*(fetch(one, ids[n::CONNECTIONS]) for n, one in enumerate(connections)))
    taken = time.perf_counter() - started
    for connection in connections:
        connection.close()
    return jobs / taken


async def lone_ms(port: int, side: Side, tries: int) -> float:
    """The median time of a job that is alone, in milliseconds."""
    connection = await Connection.open(port)
    times = []
    for _ in range(tries):
        started = time.perf_counter()
        answer = await side.lone(connection)
        times.append((time.perf_counter() - started) * 1000)
        assert answer.status in {200, 202}, answer
    connection.close()
    return statistics.median(times)


def measure(quick: bool) -> dict[str, Any]:
    """Ours and stock ARQ in turn, three rounds; medians and their ratio."""
    rounds = 1 if quick else 3
    figures: dict[str, list[float]] = {name: [] for name in ("ours", "arq", "ours_lone", "arq_lone")}
    with servers.valkey() as redis, servers.framequeue(redis) as ours, servers.stock_arq(redis) as arq:
        asyncio.run(throughput(ours.port, FRAMEQUEUE, 50))
        asyncio.run(throughput(arq.port, STOCK_ARQ, 50))
        for _ in range(rounds):
            figures["ours"].append(asyncio.run(throughput(ours.port, FRAMEQUEUE, 1000)))
            figures["arq"].append(asyncio.run(throughput(arq.port, STOCK_ARQ, 300)))
            figures["ours_lone"].append(asyncio.run(lone_ms(ours.port, FRAMEQUEUE, 100)))
            figures["arq_lone"].append(asyncio.run(lone_ms(arq.port, STOCK_ARQ, 6)))
    medians = {name: statistics.median(values) for name, values in figures.items()}
    return {
        "100-row jobs/s": (medians["ours"], medians["arq"], medians["ours"] / medians["arq"]),
        "lone job, ms": (medians["ours_lone"], medians["arq_lone"], medians["ours_lone"] / medians["arq_lone"]),
    }
