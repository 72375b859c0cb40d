"""How a job record's hash fields become a Job, and back."""

from collections.abc import Mapping, Sequence

import msgspec

from jobs.errors import WorkerLost
from jobs.model import AttemptReport, Job, JobSpec, Outcome, PayloadRef, Progress
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
)
_spec = msgspec.json.Decoder(JobSpec)
_outcome = msgspec.msgpack.Decoder(Outcome)
_progress = msgspec.json.Decoder(Progress)
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
    """The kinds and stored sizes of a job's inputs, from which its weight is told: `text/csv 120 text/csv 80`."""
    return " ".join(f"{kind_of(given.payload)} {given.payload.bytes}" for given in spec.inputs.values())


def facts(spec: JobSpec) -> tuple[str, str, bytes]:
    """What scripts read of a spec: its sizes, the indexes that list it, and its tenant, group and labels as fields."""
    fields = ["tenant", spec.tenant, *(("group", spec.group) if spec.group else ())]
    for name, value in spec.labels.items():
        fields += [f"label:{name}", value]
    group = (keys.tenant_group(spec.tenant, spec.group),) if spec.group else ()
    return sizes(spec), " ".join((keys.tenant_jobs(spec.tenant), *group)), _json.encode(fields)


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
        spec=_spec.decode(fields["spec"] or b""),
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


def pairs(flat: Sequence[bytes]) -> dict[str, bytes]:
    """A HGETALL answer as a Lua script hands it on: names and values in turn."""
    return {flat[i].decode(): flat[i + 1] for i in range(0, len(flat), 2)}
