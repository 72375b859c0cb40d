"""What a tenant may use up."""

from pydantic import Field

from config.sections.base import Section


class QuotaSettings(Section):
    """What each tenant may use up; 0 is no quota. Beyond it the answer is 429 and says when to come again."""

    requests_per_minute: int = Field(0, ge=0)
    """Requests with a key, over all API processes."""
    burst: int = Field(0, ge=0)
    """How many of those requests may come at once; 0: as many as of a minute."""
    queued_jobs: int = Field(0, ge=0)
    """Jobs that have not ended."""
    stored_bytes: int = Field(0, ge=0)
    """Bytes of inputs, frames and results in Redis, as they are stored."""
