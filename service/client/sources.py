"""What is submitted, as a request: DataFrames and files as bodies, the rest in the envelope."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import timedelta
from pathlib import Path
from typing import Any, TypedDict
from uuid import uuid4

from service.client import tables
from service.client.bodies import Body, File, Multipart, compact, json_body
from service.client.effects import Call, Params
from service.client.errors import FrameRefused
from service.client.job import JobBase
from service.client.values import Frame

BODY_INPUT = "df"
_QUERY_CHARACTERS = 8_000  # a longer query goes as a part: proxies refuse long URLs


class Options(TypedDict, total=False):
    """What may be said of a job beside its inputs and its pipeline; what is left out is the service's default.

    Times are seconds or timedeltas: `timeout_s` of one attempt, `delay_s` before it is queued, `result_ttl_s` how long
    the result is kept. `max_attempts` counts lost workers, `on_row_error` is "fail" or "reject" (with at most
    `max_rejects` rows set aside), `labels` are words of your own, `webhook` is {"url", "events"}.
    `idempotency_key` makes repeated submits one job; each call has one of its own otherwise.
    """

    timeout_s: float | timedelta | None
    max_attempts: int | None
    delay_s: float | timedelta | None
    result_ttl_s: int | timedelta | None
    on_row_error: str | None
    max_rejects: int | None
    labels: Mapping[str, str] | None
    webhook: Mapping[str, Any] | None
    idempotency_key: str | None


Steps = Sequence[Mapping[str, Any]]


@dataclass(frozen=True, slots=True)
class Spec:
    """One job of a batch."""

    inputs: Any
    pipeline: Steps
    options: Options = field(default_factory=Options)


@dataclass(frozen=True, slots=True)
class Gathered:
    """Inputs sorted by how they travel: in the envelope, or as bodies of their own."""

    envelope: Mapping[str, Any]
    bodies: Mapping[str, Body]
    fields: Mapping[str, Any]


def gather(inputs: Any, pipeline: Steps, options: Options, *, packed: bool) -> Gathered:
    """What to send for these inputs: one frame alone is named `df`; raises FrameRefused and FrameWarning.

    Raises TypeError where the pipeline is no list of steps.
    """
    steps = list(pipeline)
    if not all(isinstance(step, Mapping) for step in steps):
        raise TypeError('the pipeline is a list of steps, such as [{"op": "head", "n": 5}]')
    _check_sayable(steps)
    named = dict(inputs) if isinstance(inputs, Mapping) else {BODY_INPUT: inputs}
    sources: dict[str, Any] = {}
    bodies: dict[str, Body] = {}
    for name, source in named.items():
        body = body_of(source, packed=packed)
        if body is not None:
            bodies[name] = body
        said = envelope_source(name, source) if body is None else _dtypes(body)
        if said:
            sources[name] = said
    fields = _fields(options)
    envelope = {"pipeline": [dict(step) for step in steps], **fields}
    return Gathered(envelope | ({"inputs": sources} if sources else {}), bodies, fields)


def _check_sayable(steps: list[Any]) -> None:
    """Raise FrameRefused that names the step with a value that JSON has no form for, and what to write for it."""
    for number, step in enumerate(steps, start=1):
        try:
            json.dumps(dict(step), allow_nan=False)
        except (TypeError, ValueError) as error:
            raise FrameRefused(
                f"step {number} of the pipeline cannot be said in JSON ({error}); write an open end as text where an "
                'op takes one ("inf" in the bins of cut), null for NaN, a time as text'
            ) from None


def body_of(source: Any, *, packed: bool) -> Body | None:
    """The source as a body of its own; None for what goes into the envelope. Raises FrameRefused."""
    if tables.is_frame(source):
        return tables.body_of(source, packed=packed)
    if isinstance(source, Path):
        return File.of(source)
    return source if isinstance(source, File) else None


def envelope_source(name: str, source: Any) -> dict[str, Any]:
    """A source inside the envelope: a kept frame, another job, or records. Raises FrameRefused."""
    if isinstance(source, Frame):
        return {"frame": source.id}
    if isinstance(source, JobBase):
        return {"job": source.id}
    if isinstance(source, Mapping):
        return dict(source)
    if isinstance(source, list):
        return {"records": source}
    raise FrameRefused(
        f"input {name!r} is a {type(source).__name__}; it can be a DataFrame, a Frame, a Job, records, a Path or a File"
    )


def submission(gathered: Gathered, *, key: str | None, params: Params = (), headers: Mapping[str, str]) -> Call:
    """The one request that submits: the body itself where there is one frame, else the envelope or its parts."""
    every = {**headers, "Idempotency-Key": key or new_key()}
    call = Call("POST", "/v1/jobs", params, every)
    if gathered.bodies.keys() == {BODY_INPUT} and gathered.envelope.get("inputs", {}).keys() <= {BODY_INPUT}:
        query = _query(gathered)
        if sum(len(text) for _, text in query) <= _QUERY_CHARACTERS:
            return replace(call, params=(*query, *params), body=gathered.bodies[BODY_INPUT])
    if gathered.bodies:
        return replace(call, body=Multipart(gathered.envelope, gathered.bodies))
    return replace(call, body=json_body(gathered.envelope))


def new_key() -> str:
    """A key under which a repeated request is the same request."""
    return str(uuid4())


def _query(gathered: Gathered) -> Params:
    fields = dict(gathered.fields)
    labels = tuple((f"label.{name}", str(value)) for name, value in fields.pop("labels", {}).items())
    dtypes = gathered.envelope.get("inputs", {}).get(BODY_INPUT, {})
    said = {"pipeline": gathered.envelope["pipeline"], **dtypes, **fields}
    return tuple((name, value if isinstance(value, str) else compact(value)) for name, value in said.items()) + labels


def _dtypes(body: Body) -> dict[str, Any]:
    return {"dtypes": dict(body.dtypes)} if isinstance(body, File) and body.dtypes else {}


def _fields(options: Options) -> dict[str, Any]:
    given = {name: value for name, value in options.items() if value is not None and name != "idempotency_key"}
    return {name: _plain(name, value) for name, value in given.items()}


def _plain(name: str, value: Any) -> Any:
    if isinstance(value, timedelta):
        seconds = value.total_seconds()
        return int(seconds) if name == "result_ttl_s" else seconds
    return dict(value) if isinstance(value, Mapping) else value
