"""Probes: is the process alive, can jobs be taken and run, and what there is to be measured."""

from datetime import UTC, datetime

from starlette.requests import Request
from starlette.responses import Response

from jobs.errors import StoreError
from jobs.health import Health
from service.answers import json_response
from service.dependencies import caller, services
from service.metrics import exposition
from service.routes.docs.health import LIVEZ, METRICS, READYZ
from service.routes.plain import plain_router
from service.schemas import ReadyBody

router = plain_router()


@router.get("/livez", response_class=Response, openapi_extra=LIVEZ)
async def livez(request: Request) -> Response:  # noqa: ARG001 - the signature of a handler
    """Answer as long as the event loop turns."""
    return Response(b'{"alive":true}', media_type="application/json", headers={"cache-control": "no-store"})


@router.get("/readyz", response_class=Response, openapi_extra=READYZ)
async def readyz(request: Request) -> Response:
    """Say whether jobs can be taken and run, and what is wrong."""
    body = _ready(await services(request).queue.health())
    return json_response(body, 200 if body.ready else 503, {"cache-control": "no-store"})


@router.get("/metrics", response_class=Response, openapi_extra=METRICS)
async def metrics(request: Request) -> Response:
    """Give all metrics in Prometheus' text format, or OpenMetrics where `Accept` asks for it."""
    caller(request, "admin")
    found = services(request)
    try:
        work = await found.queue.observatory.work()
    except StoreError:  # what this process counts is told all the same, and that Redis is away
        work = None
    text, media_type = exposition(found.meter, found.queue.waiters, work, request.headers.get("accept", ""))
    return Response(text, headers={"content-type": media_type, "cache-control": "no-store"})


def _ready(health: Health) -> ReadyBody:
    since = None
    if health.since_ms is not None:
        since = datetime.fromtimestamp(health.since_ms / 1000, UTC).isoformat(timespec="seconds").replace("+00:00", "Z")
    redis = () if health.redis is None else (f"Redis: {health.redis}" + (f" (since {since})" if since else ""),)
    problems = (*redis, *health.problems)
    return ReadyBody(
        ready=not problems,
        problems=problems,
        warnings=health.warnings,
        workers=health.workers,
        queued=health.queued,
        running=health.running,
        waiting=health.waiting,
        oldest_queued_s=health.oldest_due_s,
        redis_away_since=since,
    )
