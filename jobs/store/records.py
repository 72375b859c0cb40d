"""How a job record's hash fields become a Job, and back."""

from collections.abc import Mapping, Sequence

import msgspec

from jobs.errors import WorkerLost
from jobs.model import (
    STORED_MEDIA_TYPE,
    AttemptReport,
    Given,
    Job,
    JobSpec,
    Outcome,
    PayloadRef,
    Progress,
    ResultInfo,
)
from jobs.state import JobState
from jobs.store import keys

FIELDS = (
    "spec",
    "state",
    "version",
    "attempt",
    "created_ms",
    "started_ms",
    "finished_ms",
    "cancel_ms",
    "expires_ms",
    "progress",
    "outcome",
    "given",
)
_spec = msgspec.json.Decoder(JobSpec)
_outcome = msgspec.msgpack.Decoder(Outcome)
_progress = msgspec.json.Decoder(Progress)
_given = msgspec.json.Decoder(Given)
_report = msgspec.json.Decoder(AttemptReport)
_LOST = "the worker died or vanished: the attempt's lease ran out"
_json = msgspec.json.Encoder()
_msgpack = msgspec.msgpack.Encoder()


def encode_spec(spec: JobSpec) -> bytes:
    """JSON, since a pipeline may hold integers that msgpack has no room for."""
    return _json.encode(spec)


def kind_of(payload: PayloadRef) -> str:
    """What decides how much memory a byte of a payload takes: its media type and encoding."""
    return f"{payload.media_type}+{payload.encoding}" if payload.encoding else payload.media_type


def sizes(spec: JobSpec) -> str:
    """The kinds and stored sizes of a job's inputs, from which its weight is told: `text/csv 120 text/csv 80`.

    Those of a result that is awaited are added when it is there.
    """
    return " ".join(_size(given.payload) for given in spec.inputs.values() if not given.awaited)


def _size(payload: PayloadRef) -> str:
    return f"{kind_of(payload)} {payload.bytes}"


def as_payload(result: ResultInfo) -> PayloadRef:
    """A job's result as the payload of another job's input."""
    return PayloadRef(
        blob=result.blob or "",
        media_type=STORED_MEDIA_TYPE,
        bytes=result.bytes,
        sha256=result.sha256,
        rows=result.rows,
        columns=result.columns,
        ours=True,
    )


def product(job_id: str, outcome: Outcome) -> bytes:
    """What the end of a job gives to those that wait for it: its size as in `sizes`, a blank, and a line of JSON."""
    if outcome.result is None:
        return b""
    payload = as_payload(outcome.result)
    return _size(payload).encode() + b" " + _json.encode(Given(job=job_id, payload=payload))


def hooks(spec: JobSpec) -> str:
    """What a job's end does for its webhook: the key of the deliveries and the events; nothing without a webhook."""
    return " ".join((keys.DELIVERIES, *spec.webhook.events)) if spec.webhook else ""


def encode_outcome(outcome: Outcome) -> bytes:
    """Msgpack, since the preview is bytes."""
    return _msgpack.encode(outcome)


def encode_progress(progress: Progress) -> bytes:
    """JSON, since events carry it to the outside as it is."""
    return _json.encode(progress)


def encode_report(report: AttemptReport) -> bytes:
    """JSON: samples hold whatever JSON can say."""
    return _json.encode(report)


# the report of an attempt that can tell nothing any more, but for `attempt` and `worker`, which a script puts in front
LOST = _json.encode(
    {
        "outcome": "lost",
        "error": {
            "code": WorkerLost.code,
            "title": WorkerLost.title,
            "detail": _LOST,
            "retryable": WorkerLost.retryable,
        },
    }
)[1:]


def decode_report(data: bytes) -> AttemptReport:
    """The report in `data`."""
    return _report.decode(data)


def job_of(job_id: str, fields: Mapping[str, bytes | None]) -> Job:
    """The job whose record has these fields (those of FIELDS; others are passed over)."""

    def number(name: str) -> int | None:
        value = fields.get(name)
        return None if value is None else int(value)

    progress, outcome = fields.get("progress"), fields.get("outcome")
    return Job(
        id=job_id,
        spec=_with_given(_spec.decode(fields["spec"] or b""), fields.get("given")),
        state=JobState((fields["state"] or b"").decode()),
        version=number("version") or 0,
        attempt=number("attempt") or 0,
        created_ms=number("created_ms") or 0,
        started_ms=number("started_ms"),
        finished_ms=number("finished_ms"),
        cancel_requested_ms=number("cancel_ms"),
        expires_ms=number("expires_ms"),
        progress=None if progress is None else _progress.decode(progress),
        outcome=None if outcome is None else _outcome.decode(outcome),
    )


def _with_given(spec: JobSpec, lines: bytes | None) -> JobSpec:
    """The spec with the results that were awaited at its submit, as far as they are there."""
    if not lines:
        return spec
    given = {one.job: one.payload for one in map(_given.decode, lines.splitlines())}
    inputs = {
        name: one.changed(payload=given[one.job]) if one.awaited and one.job in given else one
        for name, one in spec.inputs.items()
    }
    return spec.changed(inputs=inputs)


def pairs(flat: Sequence[bytes]) -> dict[str, bytes]:
    """A HGETALL answer as a Lua script hands it on: names and values in turn."""
    return {flat[i].decode(): flat[i + 1] for i in range(0, len(flat), 2)}
