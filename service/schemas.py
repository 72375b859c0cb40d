"""The shapes of the contract's JSON, in and out, and the OpenAPI document's components, from one source."""

from typing import Annotated, Any, Final

import msgspec
from msgspec import Meta, Raw, Struct, field

from jobs.model import Column, Place, Progress, Timing, Warn
from service.problems import ProblemBody

UNSENT: Final = Raw(b"")
_Records = Annotated[Raw, Meta(extra_json_schema={"type": "array", "items": {"type": "object"}})]
_Words = Annotated[Raw, Meta(extra_json_schema={"type": "object", "additionalProperties": {"type": "string"}})]
_Columns = Annotated[Raw, Meta(extra_json_schema={"type": "object", "additionalProperties": {"type": "array"}})]


def _unsent() -> Raw:
    return UNSENT  # by a factory: a default of this type has no JSON Schema


class InputBody(Struct, frozen=True, forbid_unknown_fields=True):
    """A source: one of `records`, `columns` and `frame`; `dtypes` alone names the dtypes of a file part."""

    records: _Records = field(default_factory=_unsent)
    columns: _Columns = field(default_factory=_unsent)
    frame: Annotated[str, Meta(description="The id of an uploaded frame.")] | None = None
    dtypes: Annotated[_Words, Meta(description="Column to pandas' or Arrow's dtype name.")] = field(
        default_factory=_unsent
    )


class Envelope(Struct, frozen=True, forbid_unknown_fields=True):
    """What is submitted. Without a value, a field has the default of the service's settings."""

    pipeline: Annotated[_Records, Meta(description="The steps, in order; an empty list converts.")]
    inputs: Annotated[dict[str, InputBody], Meta(description="The input frames by name.")] = {}
    timeout_s: Annotated[float, Meta(description="How long one attempt may run, in seconds.")] | None = None
    max_attempts: Annotated[int, Meta(description="How often the job is tried where a worker is lost.")] | None = None
    delay_s: Annotated[float, Meta(description="How long the job waits before it is queued, in seconds.")] = 0.0
    result_ttl_s: Annotated[int, Meta(description="How long the result is kept, in seconds, from 1.")] | None = None
    on_row_error: Annotated[str, Meta(extra_json_schema={"enum": ["fail"]})] = "fail"
    max_rejects: int = 1000
    labels: Annotated[_Words, Meta(description="Words of your own, kept with the job.")] = field(
        default_factory=_unsent
    )


class InputInfoBody(Struct, frozen=True):
    """What is known of an input; rows and columns once it was read."""

    rows: int | None
    column_count: int | None
    bytes: int


class Preview(Struct, frozen=True):
    """The first rows of a result; `complete` where they are all there is."""

    records: _Records
    complete: bool


class ResultBody(Struct, frozen=True):
    """What came out. `available` turns false when it has expired."""

    rows: int
    columns: tuple[Column, ...]
    bytes: int
    preview: Preview
    rejects: int
    expires_at: str | None
    available: bool


class Links(Struct, frozen=True):
    """Where to go from a job."""

    self: str
    result: str
    report: str


class JobBody(Struct, frozen=True, kw_only=True):
    """A job as it stands."""

    id: str
    state: Annotated[
        str, Meta(extra_json_schema={"enum": ["waiting", "queued", "running", "succeeded", "failed", "canceled"]})
    ]
    version: int
    attempt: int
    rerun_of: str | None
    group: str | None
    pipeline: list[dict[str, Any]]
    inputs: dict[str, InputInfoBody]
    progress: Progress
    result: ResultBody | None
    error: ProblemBody | None
    warnings: tuple[Warn, ...]
    labels: dict[str, str]
    timing: Timing
    created_at: str
    started_at: str | None
    finished_at: str | None
    cancel_requested_at: str | None
    trace_id: str
    links: Links


class FrameBody(Struct, frozen=True):
    """An uploaded frame; rows and columns are null where it was not read yet."""

    id: str
    rows: int | None
    columns: tuple[Column, ...] | None
    bytes: int
    expires_at: str


class ReportAttempt(Struct, frozen=True, kw_only=True):
    """The story of one failed attempt; `traceback` is null without the scope `debug`."""

    attempt: int
    outcome: str
    error: ProblemBody
    step: int | None
    op: str | None
    column: str | None
    dtype: str | None
    exception: str | None
    samples: tuple[dict[str, Any], ...]
    shape: tuple[int, int] | None
    peak_memory_bytes: int | None
    worker: str
    traceback: str | None


class ReportBody(Struct, frozen=True):
    """Every attempt that failed, oldest first."""

    job_id: str
    attempts: tuple[ReportAttempt, ...]


class TransformBody(Struct, frozen=True):
    """An op: its parameters as JSON Schema and one example that runs."""

    op: str
    family: str
    summary: str
    parameters: dict[str, Any]
    example: dict[str, Any]


class CatalogueBody(Struct, frozen=True):
    """All ops there are."""

    transforms: tuple[TransformBody, ...]


class ReadyBody(Struct, frozen=True):
    """Whether the service can take jobs; `problems` say why not, `warnings` what else is wrong."""

    ready: bool
    problems: tuple[str, ...] = ()
    warnings: tuple[str, ...] = ()
    workers: int = 0
    queued: int = 0


PUBLIC: Final = (Envelope, JobBody, FrameBody, ReportBody, CatalogueBody, TransformBody, ReadyBody, ProblemBody, Place)


def components() -> dict[str, Any]:
    """The schemas of the OpenAPI document by name."""
    _, schemas = msgspec.json.schema_components(PUBLIC, ref_template="#/components/schemas/{name}")
    return schemas
