"""A submission whose envelope was read: its words checked, its steps decoded, its tables still as they were sent."""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, ParamSpec, Self, TypeVar

from config import Settings
from jobs.model import Input, JobSpec, OnRowError, Webhook
from service.checks import SMALL_BYTES
from service.intake.bounds import check
from service.intake.envelope import from_json
from service.intake.fields import labels_of, steps_of
from service.intake.webhooks import signed_for, webhook_of
from service.schemas import Envelope

_Given = ParamSpec("_Given")
_Made = TypeVar("_Made")


@dataclass(frozen=True, slots=True)
class Draft:
    """What the envelope says, within the limits of the settings."""

    envelope: Envelope
    steps: list[dict[str, Any]]
    labels: dict[str, str]
    webhook: Webhook | None = None

    @classmethod
    def of(cls, envelope: Envelope, settings: Settings, what: str = "the pipeline") -> Self:
        """Hold an envelope against the limits; raises SpecInvalid or a LimitExceeded with a pointer."""
        steps = steps_of(envelope.pipeline, settings, what)
        labels = labels_of(envelope.labels, settings)
        check(envelope, labels, settings)
        return cls(envelope, steps, labels, webhook_of(envelope.webhook, settings))

    @classmethod
    async def read(cls, body: bytes | bytearray, settings: Settings) -> Self:
        """The envelope in `body`; raises as `of` does, and JsonMalformed or FieldUnknown."""
        return await beside(len(body), cls._read, body, settings)

    @classmethod
    def _read(cls, body: bytes | bytearray, settings: Settings) -> Self:
        return cls.of(from_json(body), settings)

    def spec(self, inputs: dict[str, Input], settings: Settings, *, tenant: str, trace_id: str) -> JobSpec:
        """The spec of the job, with the settings' defaults where the envelope says nothing; raises WebhookRefused."""
        jobs, envelope = settings.jobs, self.envelope
        return JobSpec(
            tenant=tenant,
            pipeline=self.steps,
            inputs=inputs,
            timeout_s=min(jobs.timeout_s, jobs.max_timeout_s) if envelope.timeout_s is None else envelope.timeout_s,
            max_attempts=envelope.max_attempts or jobs.max_attempts,
            delay_s=envelope.delay_s,
            result_ttl_s=envelope.result_ttl_s or min(jobs.result_ttl_s, jobs.max_result_ttl_s),
            on_row_error=OnRowError(envelope.on_row_error),
            max_rejects=envelope.max_rejects,
            labels=self.labels,
            trace_id=trace_id,
            webhook=signed_for(self.webhook, tenant, settings),
        )

    @property
    def pipeline(self) -> bytes:
        """The steps as they were sent."""
        return bytes(self.envelope.pipeline)


async def beside(size: int, work: Callable[_Given, _Made], *args: _Given.args, **named: _Given.kwargs) -> _Made:
    """What `work` makes of `size` bytes: in a thread where they are many, so that the event loop turns meanwhile."""
    return work(*args, **named) if size <= SMALL_BYTES else await asyncio.to_thread(work, *args, **named)
