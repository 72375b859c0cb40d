"""Probes: is the process alive, and can it take jobs."""

from starlette.requests import Request
from starlette.responses import Response

from jobs.health import Health
from service.answers import json_response
from service.dependencies import services
from service.routes.docs.health import LIVEZ, READYZ
from service.routes.plain import plain_router
from service.schemas import ReadyBody

router = plain_router()


@router.get("/livez", response_class=Response, openapi_extra=LIVEZ)
async def livez(request: Request) -> Response:  # noqa: ARG001 - the signature of a handler
    """Answer as long as the event loop turns."""
    return Response(b'{"alive":true}', media_type="application/json", headers={"cache-control": "no-store"})


@router.get("/readyz", response_class=Response, openapi_extra=READYZ)
async def readyz(request: Request) -> Response:
    """Say whether jobs can be taken, and what is wrong."""
    body = _ready(await services(request).queue.health())
    return json_response(body, 200 if body.ready else 503, {"cache-control": "no-store"})


def _ready(health: Health) -> ReadyBody:
    problems = [f"Redis: {health.redis}"] if health.redis is not None else []
    if health.fingerprint_mismatch:
        problems.append("no worker knows the transforms of this API: give both the same transforms.modules")
    warnings = list(health.warnings)
    if not health.workers and health.redis is None:
        warnings.append("no worker is present: jobs are accepted, and wait for one")
    return ReadyBody(not problems, tuple(problems), tuple(warnings), health.workers, health.queued)
