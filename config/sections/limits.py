"""What is refused."""

from pydantic import Field

from config.sections.base import GIB, KIB, MIB, Section


class LimitSettings(Section):
    """What is refused; each limit has its own error."""

    body_bytes: int = Field(256 * MIB, ge=1)
    """The largest request body, compressed or not."""
    envelope_bytes: int = Field(16 * MIB, ge=1)
    """The largest JSON envelope (it is held in memory; larger tables go as a file part, a raw body or a frame)."""
    pipeline_bytes: int = Field(256 * KIB, ge=1)
    """The largest pipeline as JSON text: checking takes up to 8 ms a KiB, and every answer shows it."""
    labels: int = Field(32, ge=0)
    """Labels of a job."""
    labels_bytes: int = Field(64 * KIB, ge=2)
    """The largest labels as JSON text."""
    dtypes_bytes: int = Field(MIB, ge=2)
    """The largest `dtypes` of an input as JSON text."""
    decoded_bytes: int = Field(GIB, ge=1)
    """The largest input once decompressed and decoded."""
    compression_ratio: float = Field(200.0, ge=1)
    """The largest ratio of decompressed to compressed size, once `ratio_free_bytes` are exceeded."""
    ratio_free_bytes: int = Field(64 * MIB, ge=0)
    """Decompressed bytes below which no ratio is checked."""
    rows: int = Field(50_000_000, ge=1)
    """Rows of an input, a result, or a frame between steps."""
    columns: int = Field(10_000, ge=1)
    """Columns of an input, a result, or a frame between steps."""
    cell_bytes: int = Field(64 * MIB, ge=1)
    """The largest single value."""
    json_depth: int = Field(64, ge=4, le=512)
    """How deep JSON may nest."""
    steps: int = Field(200, ge=1)
    """Steps of a pipeline."""
    expression_chars: int = Field(4_096, ge=1, le=65_536)
    """Characters of an expression."""
    expression_depth: int = Field(64, ge=4, le=128)
    """How deep an expression may nest."""
    inputs: int = Field(16, ge=1)
    """Inputs of a job."""
    queued_jobs: int = Field(1_000_000, ge=1)
    """Unfinished jobs in the queue before submits are answered 503."""
    batch_jobs: int = Field(100, ge=1, le=1_000)
    """Jobs of a batch."""
    dependents: int = Field(1_000, ge=1)
    """Inputs of other jobs that may wait for one job: its end gives its result to all of them at once."""
