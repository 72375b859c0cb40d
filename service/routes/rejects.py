"""Rejects: the rows that a job has set aside, as a frame in the format the caller negotiates."""

from starlette.requests import Request
from starlette.responses import Response

from jobs.reject_results import render_rejects
from service.answers import failed_response, frame_response, view_of
from service.dependencies import caller, query, services
from service.ids import job_id_of
from service.leaving import unless_left
from service.negotiation import accepted, named
from service.operations import FRAME_QUERY_NAMES
from service.routes.docs.rejects import GET_REJECTS, HEAD_REJECTS
from service.routes.plain import plain_router

router = plain_router()


@router.get("/v1/jobs/{id}/rejects", response_class=Response, openapi_extra=GET_REJECTS)
async def get_rejects(request: Request) -> Response:
    """Give the rows that were set aside; none are an empty frame of the same columns."""
    return await _rejects(request)


@router.head("/v1/jobs/{id}/rejects", response_class=Response, openapi_extra=HEAD_REJECTS)
async def head_rejects(request: Request) -> Response:
    """Give the headers of the frame of rejects."""
    return await _rejects(request)


async def _rejects(request: Request) -> Response:
    tenant = caller(request, "jobs:read").tenant
    parameters = query(request, FRAME_QUERY_NAMES, repeated=("columns",))
    wanted = parameters.get("format")
    choice = accepted(request.headers.get("accept")) if wanted is None else named(wanted)
    view = view_of(request, choice, parameters)
    found = services(request)
    job = await found.queue.get(tenant, job_id_of(request))
    failed = failed_response(request, job)
    if failed is not None:
        return failed

    async def rendered() -> Response:
        rendering = await render_rejects(found.results, job, view)
        return await frame_response(request, rendering, view, choice, name=f"{job.id}-rejects", headers={})

    return await unless_left(request, rendered())
