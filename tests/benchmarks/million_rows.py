"""A million rows through filter, groupby and sort, beside the plain pandas script on the same file.

Once in one call (upload, job, download), once with the file already uploaded as a frame.
"""

import json
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import quote

import numpy as np
import pandas as pd

from tests.benchmarks import processes, stacks
from tests.benchmarks.client import Answer, Connection, run
from tests.benchmarks.report import Options, Row, at_most, median

ROWS = 1_000_000
PIPELINE = [
    {"op": "query", "expr": "amount > 100"},
    {
        "op": "groupby",
        "by": ["region", "product"],
        "agg": {"total": ["amount", "sum"], "orders": [None, "size"], "mean": ["price", "mean"]},
    },
    {"op": "sort_values", "by": ["total"], "ascending": False},
]
PARQUET = "application/vnd.apache.parquet"
LIMIT_S = 120


def make(folder: Path) -> dict[str, Path]:
    """The same seeded table as CSV (≥ 40 MB) and as Parquet."""
    draw = np.random.default_rng(7)
    frame = pd.DataFrame(
        {
            "order_id": np.arange(ROWS),
            "region": draw.choice(["north", "south", "east", "west"], ROWS),
            "product": draw.choice([f"product-{n:03}" for n in range(200)], ROWS),
            "amount": draw.gamma(2.0, 90.0, ROWS).round(2),
            "price": draw.gamma(2.0, 9.0, ROWS).round(2),
            "qty": draw.integers(1, 20, ROWS),
            "when": pd.date_range("2026-01-01", periods=ROWS, freq="s").strftime("%Y-%m-%dT%H:%M:%S"),
        }
    )
    files = {"text/csv": folder / "orders.csv", PARQUET: folder / "orders.parquet"}
    frame.to_csv(files["text/csv"], index=False)
    frame.to_parquet(files[PARQUET], index=False)
    return files


def script(file: Path, out: Path) -> pd.DataFrame:
    """What a user would write instead, reading and writing files."""
    frame = pd.read_csv(file) if file.suffix == ".csv" else pd.read_parquet(file)
    kept = frame[frame.amount > 100]
    grouped = kept.groupby(["region", "product"]).agg(
        total=("amount", "sum"), orders=("amount", "size"), mean=("price", "mean")
    )
    result = grouped.reset_index().sort_values("total", ascending=False, ignore_index=True)
    result.to_parquet(out, index=False)
    return result


async def one_call(port: int, body: bytes, media_type: str) -> tuple[float, Answer]:
    """Upload, job and download in one request; seconds and the answer."""
    path = f"/v1/jobs?pipeline={quote(json.dumps(PIPELINE))}"
    connection = await Connection.open(port)
    started = time.perf_counter()
    answer = await connection.request(
        "POST", path, body, f"content-type: {media_type}", f"accept: {PARQUET}", "prefer: wait=50"
    )
    taken = time.perf_counter() - started
    connection.close()
    assert answer.status == 200, answer.body[:500]
    return taken, answer


async def upload(port: int, body: bytes, media_type: str) -> str:
    """The id of the frame that this file becomes."""
    connection = await Connection.open(port)
    answer = await connection.request("POST", "/v1/frames", body, f"content-type: {media_type}")
    connection.close()
    assert answer.status == 201, answer.body[:500]
    frame: str = json.loads(answer.body)["id"]
    return frame


async def on_frame(port: int, frame: str) -> tuple[float, Answer]:
    """Job and download of a frame that is there already; seconds and the answer."""
    body = json.dumps({"pipeline": PIPELINE, "inputs": {"df": {"frame": frame}}}).encode()
    connection = await Connection.open(port)
    started = time.perf_counter()
    answer = await connection.request(
        "POST", "/v1/jobs", body, "content-type: application/json", f"accept: {PARQUET}", "prefer: wait=50"
    )
    taken = time.perf_counter() - started
    connection.close()
    assert answer.status == 200, answer.body[:500]
    return taken, answer


async def timing_of(port: int, answer: Answer) -> dict[str, Any]:
    """The `timing` of the job behind this answer."""
    connection = await Connection.open(port)
    job = await connection.request("GET", answer.fields[b"location"].decode())
    connection.close()
    timing: dict[str, Any] = json.loads(job.body)["timing"]
    return timing


def measure(options: Options) -> Iterator[Row]:
    """Script and service in turn; medians and their ratio, the answers compared each time."""
    rounds = options.pick(3, 9)
    with tempfile.TemporaryDirectory() as name, processes.valkey() as redis, stacks.framequeue(redis) as ours:
        options.say("million: making the files")
        folder = Path(name)
        for media_type, file in make(folder).items():
            options.say(f"million: {file.suffix[1:]}, {rounds} rounds")
            body = file.read_bytes()
            frame = run(upload(ours.port, body, media_type), LIMIT_S)
            times: dict[str, list[float]] = {"script": [], "one call": [], "uploaded": []}
            split: dict[str, list[dict[str, Any]]] = {"one call": [], "uploaded": []}
            for _ in range(rounds):
                started = time.perf_counter()
                expected = script(file, folder / "expected.parquet")
                times["script"].append(1000 * (time.perf_counter() - started))
                for way in split:
                    call = one_call(ours.port, body, media_type) if way == "one call" else on_frame(ours.port, frame)
                    taken, answer = run(call, LIMIT_S)
                    times[way].append(1000 * taken)
                    split[way].append(run(timing_of(ours.port, answer), LIMIT_S))
                    (folder / "got.parquet").write_bytes(answer.body)
                    pd.testing.assert_frame_equal(pd.read_parquet(folder / "got.parquet"), expected)
            yield from _rows(file.suffix[1:], times, split)


def _rows(kind: str, times: dict[str, list[float]], split: dict[str, list[dict[str, Any]]]) -> Iterator[Row]:
    script_ms = median(times["script"])
    for way, target in (("one call", 2.5), ("uploaded", 1.0)):
        ours = median(times[way]) or 0.0
        parts = _parts(split[way])
        parts["elsewhere"] = ours - sum(parts.values())
        yield Row(
            f"1M rows, {kind}, {way}",
            "ms",
            ours,
            script_ms,
            "the plain script",
            at_most(target),
            ", ".join(f"{part} {ms:.0f}" for part, ms in parts.items()),
            {"split_ms": parts, "rounds": times[way], "rounds_of_script": times["script"]},
        )


def _parts(timings: list[dict[str, Any]]) -> dict[str, float]:
    """The median of each part of the worker's own account."""
    return {
        "queued": median(one["queued_ms"] for one in timings) or 0.0,
        "decode": median(one["decode_ms"] for one in timings) or 0.0,
        "steps": median(sum(one["steps_ms"]) for one in timings) or 0.0,
        "encode": median(one["encode_ms"] for one in timings) or 0.0,
    }
