"""A million rows through filter, groupby and sort, beside the plain pandas script on the same file.

In one call, and on a frame that was uploaded before.
"""

import asyncio
import json
import statistics
import tempfile
import time
from pathlib import Path
from typing import Any
from urllib.parse import quote

import numpy as np
import pandas as pd

from tests.benchmarks import servers
from tests.benchmarks.client import Connection

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


async def one_call(port: int, file: Path, media_type: str) -> tuple[float, bytes]:
    """Upload, job and download in one request; seconds and the Parquet bytes."""
    body = await asyncio.to_thread(file.read_bytes)
    path = f"/v1/jobs?pipeline={quote(json.dumps(PIPELINE))}"
    connection = await Connection.open(port)
    started = time.perf_counter()
    answer = await connection.request(
        "POST", path, body, f"content-type: {media_type}", f"accept: {PARQUET}", "prefer: wait=50"
    )
    taken = time.perf_counter() - started
    connection.close()
    assert answer.status == 200, answer.body[:500]
    return taken, answer.body


async def upload(port: int, file: Path, media_type: str) -> str:
    """Keep the file as a frame; its id."""
    body = await asyncio.to_thread(file.read_bytes)
    connection = await Connection.open(port)
    answer = await connection.request("POST", "/v1/frames", body, f"content-type: {media_type}")
    connection.close()
    assert answer.status == 201, answer.body[:500]
    return str(json.loads(answer.body)["id"])


async def on_frame(port: int, frame: str) -> tuple[float, bytes]:
    """The job on a frame that is there already; seconds and the Parquet bytes."""
    body = json.dumps({"pipeline": PIPELINE, "inputs": {"df": {"frame": frame}}}).encode()
    connection = await Connection.open(port)
    started = time.perf_counter()
    answer = await connection.request(
        "POST", "/v1/jobs", body, "content-type: application/json", f"accept: {PARQUET}", "prefer: wait=50"
    )
    taken = time.perf_counter() - started
    connection.close()
    assert answer.status == 200, answer.body[:500]
    return taken, answer.body


def _same(body: bytes, folder: Path, expected: pd.DataFrame) -> None:
    (folder / "got.parquet").write_bytes(body)
    pd.testing.assert_frame_equal(pd.read_parquet(folder / "got.parquet"), expected)


def measure(quick: bool) -> dict[str, Any]:
    """Script and service in turn; medians and their ratio, the answers compared each time."""
    rounds = 2 if quick else 5
    rows: dict[str, Any] = {}
    with tempfile.TemporaryDirectory() as name, servers.valkey() as redis, servers.framequeue(redis) as ours:
        folder = Path(name)
        for media_type, file in make(folder).items():
            plain: list[float] = []
            service: list[float] = []
            uploaded: list[float] = []
            frame = asyncio.run(upload(ours.port, file, media_type))
            for _ in range(rounds):
                started = time.perf_counter()
                expected = script(file, folder / "expected.parquet")
                plain.append(time.perf_counter() - started)
                taken, body = asyncio.run(one_call(ours.port, file, media_type))
                service.append(taken)
                _same(body, folder, expected)
                taken, body = asyncio.run(on_frame(ours.port, frame))
                uploaded.append(taken)
                _same(body, folder, expected)
            b = statistics.median(plain) * 1000
            for what, times in (("in one call", service), ("uploaded before", uploaded)):
                a = statistics.median(times) * 1000
                rows[f"1M rows, {file.suffix[1:]} {what}, ms"] = (a, b, a / b)
    return rows
