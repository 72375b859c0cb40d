"""Webhooks: what a submission asks for, and the tries that came of it."""

from typing import Annotated

from msgspec import Meta, Struct

from jobs.webhooks.events import EVENTS
from jobs.webhooks.target import MAX_URL


class WebhookBody(Struct, frozen=True, forbid_unknown_fields=True):
    """Who is to be told of the job's end."""

    url: Annotated[str, Meta(description="An https URL.", extra_json_schema={"format": "uri", "maxLength": MAX_URL})]
    events: Annotated[
        tuple[str, ...],
        Meta(description="Which ends; all without it.", extra_json_schema={"items": {"enum": list(EVENTS)}}),
    ] = EVENTS


class DeliveryBody(Struct, frozen=True, kw_only=True):
    """One try to tell a webhook; `status` is the receiver's HTTP status, `next_at` when the next try is due."""

    id: str
    event: str
    url: str
    attempt: int
    status: int | None
    error: str | None
    at: str
    next_at: str | None


class DeliveriesBody(Struct, frozen=True):
    """Every try to tell the job's webhook of its end, oldest first."""

    deliveries: tuple[DeliveryBody, ...]
