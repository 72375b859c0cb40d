"""How the API answers while every thread of the worker crunches, beside the same with an idle worker."""

import asyncio
import io
import json
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import asynccontextmanager

import numpy as np
import pandas as pd

from tests.benchmarks import million_rows, processes, stacks
from tests.benchmarks.client import Connection, run
from tests.benchmarks.http_jobs import JSON, OURS
from tests.benchmarks.report import Options, Row, median, percentile, under

LIMIT_S = 180
ROWS = 1_000_000
# sorts, groups and text work: seconds of a core for each job
HEAVY = [
    {"op": "sort_values", "by": ["text", "value"]},
    {"op": "assign", "columns": {"text": "text.str.upper()"}},
    {"op": "groupby", "by": ["text", "key"], "agg": {"value": ["value", "sum"]}},
    {"op": "sort_values", "by": ["value"]},
]
REPEATS = 8
EVERY_S = 0.01


def frame() -> bytes:
    """A million rows of text, keys and numbers as Parquet."""
    draw = np.random.default_rng(11)
    made = pd.DataFrame(
        {
            "text": draw.choice([f"word-{n:05}" for n in range(50_000)], ROWS),
            "key": draw.integers(0, 500, ROWS),
            "value": draw.gamma(2.0, 90.0, ROWS),
        }
    )
    out = io.BytesIO()
    made.to_parquet(out, index=False)
    return out.getvalue()


@asynccontextmanager
async def crunching(port: int, frame_id: str, jobs: int) -> AsyncIterator[None]:
    """So many heavy jobs are running."""
    body = json.dumps({"pipeline": HEAVY * REPEATS, "inputs": {"df": {"frame": frame_id}}}).encode()
    connection = await Connection.open(port)
    ids = []
    for _ in range(jobs):
        answer = await connection.request("POST", "/v1/jobs", body, JSON)
        assert answer.status == 202, answer
        ids.append(json.loads(answer.body)["id"])
    while await _running(connection, ids) < jobs:
        await asyncio.sleep(0.05)
    connection.close()
    yield
    connection = await Connection.open(port)  # one that idled may have been closed by the server
    still = await _running(connection, ids)
    assert still == jobs, f"only {still} of {jobs} heavy jobs ran to the end of the measurement; make them longer"
    connection.close()


async def _running(connection: Connection, ids: list[str]) -> int:
    states = []
    for job_id in ids:
        states.append(json.loads((await connection.request("GET", f"/v1/jobs/{job_id}")).body)["state"])
    assert "failed" not in states, states
    return states.count("running")


async def latencies_ms(port: int, tries: int) -> dict[str, list[float]]:
    """/livez and a submit of 100 rows in turn, each so long after the last, in milliseconds."""
    connection = await Connection.open(port)
    found: dict[str, list[float]] = {"/livez": [], "submit": []}
    asks: dict[str, Callable[[], Awaitable[object]]] = {
        "/livez": lambda: connection.request("GET", "/livez"),
        "submit": lambda: connection.request("POST", "/v1/jobs", OURS, JSON),
    }
    for _ in range(tries):
        for name, ask in asks.items():
            started = time.perf_counter()
            await ask()
            found[name].append((time.perf_counter() - started) * 1000)
            await asyncio.sleep(EVERY_S)
    connection.close()
    return found


async def both(port: int, threads: int, tries: int) -> tuple[dict[str, list[float]], dict[str, list[float]]]:
    """Idle, then under load."""
    frame_id = await million_rows.upload(port, await asyncio.to_thread(frame), million_rows.PARQUET)
    await latencies_ms(port, 20)
    idle = await latencies_ms(port, tries)
    async with crunching(port, frame_id, threads):
        loaded = await latencies_ms(port, tries)
    return idle, loaded


def measure(options: Options) -> Iterator[Row]:
    """The same calls with an idle worker and with one whose threads are all at work."""
    threads, tries = 2, options.pick(100, 400)
    with processes.valkey() as redis, stacks.framequeue(redis, WORKER__THREADS=str(threads)) as ours:
        options.say("crunch: idle, then with every thread at work")
        idle, loaded = run(both(ours.port, threads, tries), LIMIT_S)
    for name in idle:
        note = f"{threads} threads at work"
        yield Row(f"{name} p50 while crunching", "ms", median(loaded[name]), median(idle[name]), "idle", note=note)
        p99 = percentile(loaded[name], 99), percentile(idle[name], 99)
        worst = {"worst_ms": max(loaded[name]), "tries": tries}
        yield Row(f"{name} p99 while crunching", "ms", *p99, "idle", under(20), note, worst)
