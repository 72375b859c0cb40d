"""What is submitted."""

from typing import Annotated

from msgspec import Meta, Struct, field

from service.schemas.raw import Columns, Records, Words, unsent
from service.schemas.webhook import WebhookBody


class InputBody(Struct, frozen=True, forbid_unknown_fields=True):
    """A source: one of `records`, `columns`, `frame` and `job`; `dtypes` alone names the dtypes of a file part."""

    records: Records = field(default_factory=unsent)
    columns: Columns = field(default_factory=unsent)
    frame: Annotated[str, Meta(description="The id of an uploaded frame.")] | None = None
    job: Annotated[str, Meta(description="The id of a job whose result it is; it may still run.")] | None = None
    dtypes: Annotated[Words, Meta(description="Column to pandas' or Arrow's dtype name.")] = field(
        default_factory=unsent
    )


class Envelope(Struct, frozen=True, forbid_unknown_fields=True):
    """What is submitted. Without a value, a field has the default of the service's settings."""

    pipeline: Annotated[Records, Meta(description="The steps, in order; an empty list converts.")]
    inputs: Annotated[dict[str, InputBody], Meta(description="The input frames by name.")] = {}
    timeout_s: Annotated[float, Meta(description="How long one attempt may run, in seconds.")] | None = None
    max_attempts: Annotated[int, Meta(description="How often the job is tried where a worker is lost.")] | None = None
    delay_s: Annotated[float, Meta(description="How long the job waits before it is queued, in seconds.")] = 0.0
    result_ttl_s: Annotated[int, Meta(description="How long the result is kept, in seconds, from 1.")] | None = None
    on_row_error: Annotated[str, Meta(extra_json_schema={"enum": ["fail", "reject"]})] = "fail"
    max_rejects: int = 1000
    webhook: Annotated[WebhookBody, Meta(description="Who is told of the job's end.")] | None = None
    labels: Annotated[Words, Meta(description="Words of your own, kept with the job.")] = field(default_factory=unsent)


class Batch(Struct, frozen=True, forbid_unknown_fields=True):
    """Up to 100 submissions, accepted together or not at all."""

    jobs: Annotated[list[Envelope], Meta(description="The submissions, in order.", min_length=1, max_length=100)]
