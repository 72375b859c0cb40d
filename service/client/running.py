"""The main way, once for both clients: submit, wait, fetch. Each function is a flow; see `effects`."""

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any
from urllib.parse import quote

import httpx

from service.client import tables
from service.client.answers import as_job, as_json
from service.client.effects import Answer, Call, Flow, Params, Pause, Rules, Work
from service.client.errors import WaitTimeout
from service.client.sources import Options, Steps, gather, submission
from service.client.tries import asked
from service.client.values import TERMINAL

WAIT_S = 25
"""One long poll, in seconds: below every common proxy's limit."""
_PATIENT = 1_000  # tries of a wait: its deadline ends it, and a service that restarts does not
_UNHURRIED_S = 0.25
_HEAVY_CELLS = 200_000

JobJson = dict[str, Any]


@dataclass(frozen=True, slots=True)
class View:
    """Which part of a frame is wanted."""

    columns: Sequence[str] | None = None
    offset: int = 0
    limit: int | None = None

    @property
    def params(self) -> Params:
        """As query parameters."""
        said = [("columns", name) for name in self.columns or ()]
        said += [("offset", str(self.offset))] if self.offset else []
        said += [("limit", str(self.limit))] if self.limit is not None else []
        return tuple(said)


def submitted(inputs: Any, pipeline: Steps, options: Options, rules: Rules) -> Flow[JobJson]:
    """The job of a new submission."""
    answer = yield from _submission(inputs, pipeline, options, rules)
    return as_job(answer)


def validated(inputs: Any, pipeline: Steps, options: Options, rules: Rules) -> Flow[JobJson]:
    """What a submission would be; nothing is stored."""
    answer = yield from _submission(inputs, pipeline, options, rules, params=(("validate_only", "true"),))
    return as_json(answer)


def ran(inputs: Any, pipeline: Steps, options: Options, rules: Rules, timeout_s: float | None) -> Flow[Any]:
    """The result's DataFrame in one request where the job ends in time, else with long polls after it."""
    began = rules.clock()
    wait_s = WAIT_S if timeout_s is None else int(min(WAIT_S, timeout_s))
    headers = _arrow(rules) | ({"Prefer": f"wait={wait_s}"} if wait_s else {})
    answer = yield from _submission(inputs, pipeline, options, rules, headers=headers, wait_s=wait_s)
    if answer.headers.get("content-type", "").startswith(tables.ARROW):
        return (yield tables.decoding(answer))
    left_s = None if timeout_s is None else max(0.0, timeout_s - (rules.clock() - began))
    job = yield from waited(as_job(answer), rules, left_s, told_s=timeout_s)
    return (yield from table(f"{job_path(job['id'])}/result", View(), rules))


def waited(
    job: Mapping[str, Any],
    rules: Rules,
    timeout_s: float | None,
    heard: Callable[[JobJson], None] | None = None,
    *,
    told_s: float | None = None,
) -> Flow[JobJson]:
    """The job once it has ended; `heard` gets each newer state. Raises WaitTimeout, which speaks of `told_s`.

    A service that is away for up to `timeout_s` of the rules, as while it restarts, is waited for.
    """
    job, patient, began = dict(job), replace(rules, retries=_PATIENT), rules.clock()
    while job["state"] not in TERMINAL:
        left_s = math.inf if timeout_s is None else timeout_s - (rules.clock() - began)
        if left_s <= 0:
            raise WaitTimeout(rules.job(job), told_s or timeout_s or 0.0)
        known, since = job.get("version"), rules.clock()
        answer = yield from asked(_poll(job, int(min(WAIT_S, left_s)), changes=heard is not None), patient)
        if answer.status != httpx.codes.NOT_MODIFIED:
            job = as_job(answer)
            if heard is not None:
                heard(job)
        new = heard is not None and job.get("version") != known
        if job["state"] not in TERMINAL and not new and rules.clock() - since < _UNHURRIED_S:
            yield Pause(min(_UNHURRIED_S, left_s))  # it did not wait: do not hurry it
    return job


def table(path: str, view: View, rules: Rules) -> Flow[Any]:
    """The DataFrame at this path."""
    answer = yield from asked(Call("GET", path, view.params, _arrow(rules)), rules)
    return (yield tables.decoding(answer))


def job_path(job_id: str) -> str:
    """The path of a job, whatever its id has in it."""
    return f"/v1/jobs/{quote(job_id, safe='')}"


def heavy(inputs: Any) -> bool:
    """Whether the inputs are DataFrames that take a while to encode."""
    sources = inputs.values() if isinstance(inputs, Mapping) else (inputs,)
    return any(tables.is_frame(source) and source.size > _HEAVY_CELLS for source in sources)


def _submission(
    inputs: Any,
    pipeline: Steps,
    options: Options,
    rules: Rules,
    *,
    headers: Mapping[str, str] | None = None,
    params: Params = (),
    wait_s: int = 0,
) -> Flow[Answer]:
    packed = not rules.near
    gathered = yield Work(lambda: gather(inputs, pipeline, options, packed=packed), heavy=heavy(inputs))
    call = submission(gathered, key=options.get("idempotency_key"), params=params, headers=headers or {})
    answer: Answer = yield from asked(replace(call, wait_s=wait_s), rules)
    return answer


def _poll(job: Mapping[str, Any], wait_s: int, *, changes: bool) -> Call:
    headers = {"Prefer": f"wait={wait_s}"} if wait_s else {}
    if changes and "version" in job:
        headers["If-None-Match"] = f'"{job["version"]}"'
    return Call("GET", job_path(job["id"]), headers=headers, wait_s=wait_s)


def _arrow(rules: Rules) -> dict[str, str]:
    return {"Accept": tables.ARROW, "Accept-Encoding": "identity" if rules.near else "zstd, gzip"}
