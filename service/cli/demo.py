"""`framequeue demo`: the whole way once, with real data: four tables in, three tables and one failure out."""

import shutil
import signal
import sys
import tempfile
import time
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from rich.console import Console
from rich.text import Text

from config.settings import Settings
from service.cli import files as io
from service.cli import render
from service.cli.command import as_typed, command
from service.cli.connect import as_json
from service.cli.settings import effective
from service.cli.waiting import progress_of, report_of
from service.client import Client, ClientError, Job, ProblemError
from service.ended import Ended
from service.stack.stack import Signals, Stack

_ROWS = 16
_LINES_KEPT = 40
_JOB_S = 60.0  # a job of the demo takes a fraction of a second


@dataclass(frozen=True, slots=True)
class Scene:
    """One job of the demo: how it is sent, and what its result must have."""

    title: str
    how: str
    send: Callable[[Client, Path], Job]
    columns: tuple[str, ...]
    rows: int


def run() -> int:
    """Start everything, play, stop everything; 0 when all came out as it must. Leaves no process and no folder."""
    console, lines = render.output_console(), deque[str](maxlen=_LINES_KEPT)
    folder, began = Path(tempfile.mkdtemp(prefix="framequeue-demo-")), time.monotonic()
    signals = Signals()
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, _interrupted)
    try:
        settings = _own_settings(folder)
        console.print(Text("Starting Valkey, the API and a worker …", style="dim"))
        with Stack(settings, lambda role, line: lines.append(f"{role}: {line}"), signals) as stack:
            console.print(Text(f"ready at {stack.url} after {time.monotonic() - began:.1f} s", style="dim"))
            try:
                _play(console, stack.url, _examples())
            finally:
                signals.ask()
                signals.ask()  # nothing here is worth waiting for
        _close(console, began)
    except (Ended, ClientError) as error:
        _tell_why(error, lines)
        return 1
    except KeyboardInterrupt:
        return 130
    finally:
        shutil.rmtree(folder, ignore_errors=True)
    return 0


def _interrupted(*_: object) -> None:
    raise KeyboardInterrupt


def _own_settings(folder: Path) -> Settings:
    """The demo depends on nothing of the caller's but what it must: its own Valkey, a free port, open on loopback."""
    settings = effective(data_dir=folder, api={"host": "127.0.0.1", "port": 0}, auth={"mode": "none"})
    return settings.model_copy(update={"redis": settings.redis.model_copy(update={"url": None})})


def _examples() -> Path:
    beside = Path(__file__).resolve().parent.parent / "examples"
    here = Path("examples").resolve()
    for folder in (here, beside):
        if (folder / "flights.csv").is_file():
            return folder
    raise Ended("no examples/ folder here: run the demo in a clone of the repository", 2)


def _play(console: Console, url: str, examples: Path) -> None:
    with Client(url) as client:
        for scene in SCENES:
            console.print(Text.assemble("\n", (scene.title, "bold"), (f"\n{scene.how}", "dim")))
            began = time.monotonic()
            job = _watched(scene.send(client, examples))
            took_ms = (time.monotonic() - began) * 1_000
            _expect(job, scene)
            console.print(render.preview(job.json, _ROWS))
            console.print(Text(f"job {job.id} {job.state}, {took_ms:,.0f} ms from the first byte sent", style="dim"))
        console.print(Text.assemble("\n", ("And one that fails: a misspelt column", "bold")))
        _play_failure(console, client, examples)


def _play_failure(console: Console, client: Client, examples: Path) -> None:
    try:
        job = _watched(_raw(client, examples, "flights.csv", "fails_on_purpose.json"))
    except ProblemError as error:  # the service may know the input's columns, and refuse before it runs
        code = error.code
        console.print(render.refusal(error.status, as_json(error.problem)))
    else:
        code = job.error.code if job.error else f"state {job.state}"
        console.print(render.failure(job.json, report_of(job)))
    if code != "transform.column_unknown":
        raise Ended(f"the failing job should have failed with transform.column_unknown, not {code}")


def _watched(job: Job) -> Job:
    console = render.errors_console()
    with progress_of(job, console) as changed:
        return job.wait(_JOB_S, on_change=changed if console.is_terminal else None)


def _expect(job: Job, scene: Scene) -> None:
    if job.state != "succeeded" or job.outcome is None:
        render.errors_console().print(render.failure(job.json, report_of(job)))
        raise Ended(f"{scene.title}: the job {job.state}")
    columns, rows = tuple(column.name for column in job.outcome.columns), job.outcome.rows
    if (columns, rows) != (scene.columns, scene.rows):
        raise Ended(f"{scene.title}: expected {scene.rows} rows of {scene.columns}, not {rows} of {columns}")


def _raw(client: Client, examples: Path, frame: str, pipeline: str) -> Job:
    steps = io.pipeline(str(examples / pipeline))
    return client.submit(examples / frame, steps, labels={"from": "demo"})


def _canceled(client: Client, examples: Path) -> Job:
    return _raw(client, examples, "flights.csv", "canceled_by_hour.json")


def _routes(client: Client, examples: Path) -> Job:
    frame = client.upload(examples / "flights.parquet")
    return client.submit(frame, io.pipeline(str(examples / "worst_routes.json")))


def _carriers(client: Client, examples: Path) -> Job:
    sources = {name: examples / f"{name}.csv" for name in ("flights", "airlines")}
    return client.submit(sources, io.pipeline(str(examples / "delays_by_carrier.json")))


def _close(console: Console, began: float) -> None:
    took = time.monotonic() - began
    console.print(Text(f"\nAll as it should be, in {took:.1f} s; everything is stopped again.", style="green"))
    console.print(Text(f"Yours to keep running: {command()} up", style="dim"))


def _tell_why(error: Exception, lines: deque[str]) -> None:
    for line in lines:
        sys.stderr.write(line + "\n")
    if isinstance(error, ProblemError):
        render.errors_console().print(render.refusal(error.status, as_json(error.problem)))
    sys.stderr.write(f"framequeue: the demo failed: {as_typed(str(error))}\n")


SCENES = (
    Scene(
        "When are flights canceled?",
        "flights.csv as the request's body, with ?pipeline=…",
        _canceled,
        ("hour", "flights", "canceled", "share"),
        8,
    ),
    Scene(
        "The ten routes with the worst delays",
        "flights.parquet uploaded as a frame, then a job on it",
        _routes,
        ("from", "to", "flights", "mean_delay", "worst_delay"),
        10,
    ),
    Scene(
        "Delays by airline",
        "flights.csv and airlines.csv as parts of one multipart body, joined",
        _carriers,
        ("name", "flights", "mean_delay", "worst_delay", "late_share"),
        16,
    ),
)
