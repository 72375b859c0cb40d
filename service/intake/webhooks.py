"""The webhook of a submission: checked as far as can be without looking up its host."""

from config import Settings
from jobs.errors import SpecInvalid, WebhookRefused
from jobs.hints import did_you_mean, listing
from jobs.model import Webhook
from jobs.webhooks.events import EVENTS
from jobs.webhooks.target import AllowList, Target
from service.schemas import WebhookBody


def webhook_of(body: WebhookBody | None, settings: Settings) -> Webhook | None:
    """The webhook, where there is one; raises WebhookRefused or SpecInvalid with a pointer."""
    if body is None:
        return None
    for number, event in enumerate(body.events):
        if event not in EVENTS:
            hint = did_you_mean(event, EVENTS) or f"; there is {listing(EVENTS)}"
            raise SpecInvalid(f"no event {event[:80]!r}{hint}", f"/webhook/events/{number}")
    if not body.events:
        raise SpecInvalid("a webhook without events is never told anything", "/webhook/events")
    try:
        AllowList.of(settings.webhooks.allow_hosts).check(Target.of(body.url))
    except WebhookRefused as error:
        raise WebhookRefused(error.detail, "/webhook/url") from None
    return Webhook(url=body.url, events=tuple(dict.fromkeys(body.events)))


def signed_for(webhook: Webhook | None, tenant: str, settings: Settings) -> Webhook | None:
    """The same webhook; raises WebhookRefused where its tenant has no secret to sign with."""
    if webhook is not None and not settings.webhooks.secrets.get(tenant):
        raise WebhookRefused(
            f"the tenant {tenant!r} has no secret to sign webhooks with; `framequeue webhooks secret` makes one for "
            "FRAMEQUEUE_WEBHOOKS__SECRETS",
            "/webhook",
        )
    return webhook
