"""`framequeue replay`: a job once more, here, step by step, to the step that failed."""

import hashlib
import importlib.util
import json
import re
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from rich.text import Text

from config.sections import ClientSettings
from config.settings import Settings
from jobs.errors import FramequeueError
from jobs.local.failing import in_ipython, under_pdb
from jobs.local.inputs import LocalInput, bytes_of
from jobs.local.run import LocalEnd, LocalJob, inputs_of
from jobs.model import OnRowError
from service.cli import render, steps_table
from service.cli.connect import as_json, connected
from service.cli.run import catalogue_of, failure, watched
from service.cli.waiting import bar
from service.cli.words import counted, plain
from service.client import Job, ProblemError
from service.client.inputs import InputSent
from service.ended import Ended
from service.formats import ending_of

_PACKED = {"gzip": ".gz", "zstd": ".zst"}
_FILES = (_PIPELINE, _INPUTS) = ("pipeline", "inputs")


@dataclass(frozen=True, slots=True)
class Asked:
    """What the command line was given."""

    job: str
    folder: Path | None = None
    pdb: bool = False
    ipython: bool = False


def replay(asked: Asked, settings: Settings, to: ClientSettings) -> None:
    """Run the job here. Raises Ended: 1 where it fails here, or its inputs are not there any more."""
    if asked.ipython and importlib.util.find_spec("IPython") is None:
        raise Ended("--ipython needs IPython, which is not installed here: `pip install ipython`", 2)
    folder, console = _folder(asked.folder), render.errors_console()
    with connected(to) as client:
        job = client.job(asked.job)
        _tell(f"job {job.id} {job.state}" + (f": {job.error.detail}" if job.error else ""))
        local = _fetched(job, folder)
        _tell(f"its pipeline and its inputs are in {folder}")
        end = watched(local, catalogue_of(settings), settings)
        steps_table.show(console, end)
        if end.product is not None:
            return _compare(job, end)
    console.print(failure(end))
    _tell(_as_there(job, end))
    _stop(asked, end, local, settings)
    raise Ended("")


def _folder(asked: Path | None) -> Path:
    try:
        if asked is None:
            return Path(tempfile.mkdtemp(prefix="framequeue-replay-"))
        asked.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise Ended(f"cannot make the folder {str(asked)!r}: {error.strerror}", 2) from None
    return asked


def _fetched(job: Job, folder: Path) -> LocalJob:
    """The job with its inputs, which are files in `folder` now."""
    (folder / f"{_PIPELINE}.json").write_text(json.dumps(job.pipeline, indent=1), "utf-8")
    sent: dict[str, InputSent] = {}
    inputs: dict[str, LocalInput] = {}
    for number, name in enumerate(job.inputs, start=1):
        sent[name], inputs[name] = _input(job, name, folder / _stem(name, number))
    (folder / f"{_INPUTS}.json").write_text(
        json.dumps({name: as_json(one) for name, one in sent.items()}, indent=1), "utf-8"
    )
    first = next(iter(sent.values()), None)
    if first is None:
        return LocalJob(job.pipeline, inputs)
    return LocalJob(job.pipeline, inputs, OnRowError(first.on_row_error), first.max_rejects)


def _stem(name: str, number: int) -> str:
    """How the file of an input is called: as the input, unless that leads elsewhere or is another file's name."""
    own = re.fullmatch(r"\w[\w-]*", name) and name not in _FILES
    return name if own else f"input {number}"


def _input(job: Job, name: str, stem: Path) -> tuple[InputSent, LocalInput]:
    known = job.inputs[name].bytes
    with bar(f"input {name}", known) as moved:
        sent, pieces = job.input(name)
        file = stem.with_name(f"{stem.name}{ending_of(sent.media_type)}{_PACKED.get(sent.encoding or '', '')}")
        with file.open("wb") as stream:
            for piece in pieces:
                stream.write(piece)
                moved(len(piece))
    how: dict[str, Any] = {"charset": sent.charset, "orient": sent.orient, "dtypes": sent.dtypes}
    return sent, LocalInput(bytes_of(file), sent.media_type, sent.encoding, **how)


def _compare(job: Job, end: LocalEnd) -> None:
    """What a run that succeeds here says of the job's own end."""
    made = end.outcome.result
    if made is None:
        return
    size = f"{counted(made.rows, 'row')} × {counted(len(made.columns), 'column')}"
    known = job.outcome
    if job.state != "succeeded" or known is None:
        _tell(f"here it succeeds, with {size}: the job {job.state}")
        return
    columns = [(column.name, column.dtype) for column in known.columns]
    if (known.rows, columns) != (made.rows, [(column.name, column.dtype) for column in made.columns]):
        _tell(f"here the result differs: {size}, and the job's {known.rows:,} rows of {dict(columns)}")
        return
    try:
        digest = hashlib.sha256()
        for piece in job.content("arrow"):
            digest.update(piece)
    except ProblemError as error:
        _tell(f"the result has the job's shape, {size}; its bytes are not there any more ({error.code})")
        return
    same = (
        "is the job's, byte for byte" if digest.hexdigest() == made.sha256 else "has the job's shape, and other bytes"
    )
    _tell(f"the result {same}: {size}")


def _as_there(job: Job, end: LocalEnd) -> str:
    """Whether the failure is that of the job."""
    here = end.outcome.error
    if here is None or job.error is None:
        return f"it fails here; the job {job.state}"
    places = [[place.pointer for place in one.errors] for one in (here, job.error)]
    if here.code == job.error.code and places[0] == places[1]:
        return "it fails here as it did there"
    return f"it fails here otherwise than there: there it was {job.error.code}"


def _stop(asked: Asked, end: LocalEnd, local: LocalJob, settings: Settings) -> None:
    """Show the frame before the failing step, and where that was asked for open a debugger in it."""
    failing, report = end.failing, end.report
    if report is not None and report.traceback:
        render.errors_console().print(Text(report.traceback.rstrip(), style="dim"), soft_wrap=True)
    if failing is None:
        _tell("it fails before the first step: there is no frame to look at")
        return
    render.line(failing.described(), flush=True)
    if asked.pdb or asked.ipython:
        _tell("`frame`, `this_step` and `inputs` are there; in pdb `s` goes into the call, `c` on to the exception")
        # those that are not used any more were let go, and may be what is wanted now
        failing = replace(failing, inputs={**_whole(local, settings), **failing.inputs})
        (in_ipython if asked.ipython else under_pdb)(failing)


def _whole(local: LocalJob, settings: Settings) -> Mapping[str, Any]:
    try:
        return inputs_of(local, settings.limits)
    except FramequeueError as error:  # no step has read that one yet
        _tell(f"inputs that the step does not read are not there: {error.detail}")
        return {}


def _tell(text: str) -> None:
    render.errors_console().print(Text(plain(text)), soft_wrap=True)
