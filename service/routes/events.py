"""What happens to a job, as it happens."""

from starlette.requests import Request
from starlette.responses import Response

from jobs.store.events import BEGINNING, PAGE, EventId
from service.answers import json_response
from service.dependencies import caller, query, services, wait_s
from service.errors import CursorMalformed, HeaderMalformed
from service.event_stream import KEEPALIVE_S, EventStream, event_body
from service.ids import job_id_of
from service.routes.docs.events import GET_EVENTS
from service.routes.plain import plain_router
from service.schemas import EventsBody

router = plain_router()


@router.get("/v1/jobs/{id}/events", response_class=Response, openapi_extra=GET_EVENTS)
async def get_events(request: Request) -> Response:
    """Tell what happens to a job, as a stream that ends with it; with `?after=`, what has happened, as JSON."""
    tenant = caller(request, "jobs:read").tenant
    after = query(request, ("after",)).get("after")
    job_id, feed, last = job_id_of(request), services(request).queue.events, _last_id(request)
    if after is not None:
        return await _page(request, tenant, job_id, _after(after))
    at = await feed.begin(tenant, job_id, last)
    if at.ended and not at.events:
        return Response(status_code=204, headers={"cache-control": "no-store"})
    return EventStream(at.job, feed.follow(at, KEEPALIVE_S))


async def _page(request: Request, tenant: str, job_id: str, after: EventId) -> Response:
    feed, waits = services(request).queue.events, wait_s(request)
    at = await feed.begin(tenant, job_id, after)
    headers = {"cache-control": "no-store"}
    if waits is not None:
        at = await feed.wait(at, waits)
        headers["preference-applied"] = f"wait={waits:g}"
    return json_response(EventsBody(tuple(event_body(one, at.job) for one in at.events[:PAGE])), 200, headers)


def _after(text: str) -> EventId:
    found = EventId.parse(text) if text else BEGINNING
    if found is None:
        raise CursorMalformed(f"after is an event's id such as 1763800000000-0, or empty, not {text[:40]!r}")
    return found


def _last_id(request: Request) -> EventId:
    text = request.headers.get("last-event-id", "")
    found = EventId.parse(text) if text else BEGINNING
    if found is None:
        raise HeaderMalformed("Last-Event-ID", f"an event's id is like 1763800000000-0, not {text[:40]!r}")
    return found
