"""Results: a job's frame in the format the caller negotiates."""

from starlette.requests import Request
from starlette.responses import Response

from service.answers import failed_response, frame_response, view_of
from service.dependencies import caller, query, services
from service.ids import job_id_of
from service.leaving import unless_left
from service.negotiation import accepted, named
from service.operations import FRAME_QUERY_NAMES
from service.routes.docs.results import GET_RESULT, HEAD_RESULT
from service.routes.plain import plain_router

router = plain_router()


@router.get("/v1/jobs/{id}/result", response_class=Response, openapi_extra=GET_RESULT)
async def get_result(request: Request) -> Response:
    """Give the result frame; a failed or canceled job answers with its problem, status 424."""
    return await _result(request)


@router.head("/v1/jobs/{id}/result", response_class=Response, openapi_extra=HEAD_RESULT)
async def head_result(request: Request) -> Response:
    """Give the headers of the result frame."""
    return await _result(request)


async def _result(request: Request) -> Response:
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
        rendering = await found.results.of_job(job, view)
        return await frame_response(request, rendering, view, choice, name=job.id, headers={})

    return await unless_left(request, rendered())
