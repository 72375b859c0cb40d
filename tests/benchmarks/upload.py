"""How much the API's memory grows while a large body streams in; no worker takes part."""

import time
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import numpy as np

from tests.benchmarks import processes, stacks
from tests.benchmarks.client import Connection, run
from tests.benchmarks.report import Options, Row, under

LIMIT_S = 180
MIB = 1024**2
PATH = "/v1/jobs?pipeline=%5B%5D"


def piece() -> bytes:
    """A mebibyte of CSV rows, hardly compressible."""
    draw = np.random.default_rng(3)
    numbers = draw.integers(10**8, 10**9, MIB // 20 * 2).reshape(-1, 2)
    return "".join(f"{a},{b}\n" for a, b in numbers.tolist()).encode()[: MIB // 20 * 20]


async def send(port: int, size: int) -> float:
    """Stream so many bytes as the body of a submit; seconds."""
    one = piece()
    head = b"a,b\n".ljust(len(one), b" ") if size < len(one) else b"a,b\n"
    rest = size - len(head)

    async def pieces() -> AsyncIterator[bytes]:
        yield head
        for begins in range(0, rest, len(one)):
            yield one[: rest - begins]

    connection = await Connection.open(port)
    started = time.perf_counter()
    answer = await connection.stream("POST", PATH, size, pieces(), "content-type: text/csv")
    taken = time.perf_counter() - started
    connection.close()
    assert answer.status == 202, answer
    return taken


def measure(options: Options) -> Iterator[Row]:
    """The highest resident size during the upload, less the resident size before it."""
    size = options.pick(200, 500) * MIB
    with processes.valkey() as redis, stacks.framequeue(redis, worker=False, LIMITS__BODY_BYTES=str(2 * size)) as ours:
        run(send(ours.port, 8 * MIB), LIMIT_S)
        # from here on VmHWM counts anew
        Path(f"/proc/{ours.api.pid}/clear_refs").write_text("5")
        before = processes.status(ours.api.pid, "VmRSS")
        options.say(f"upload: {size // MIB} MiB")
        cpu = processes.cpu_s(ours.api.pid)
        seconds = run(send(ours.port, size), LIMIT_S)
        cpu = processes.cpu_s(ours.api.pid) - cpu
        peak = processes.status(ours.api.pid, "VmHWM")
    note = f"from {before / MIB:.0f} MiB; {size / MIB / seconds:.0f} MiB/s"
    details = {"mib_per_s": size / MIB / seconds, "before_mib": before / MIB, "peak_mib": peak / MIB, "api_cpu_s": cpu}
    what = f"the API's growth, {size // MIB} MiB upload"
    yield Row(what, "MiB", (peak - before) / MIB, size / MIB, "the whole body", under(64), note, details)
