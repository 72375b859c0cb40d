"""Results: a job's frame in the format the caller negotiates."""

from starlette.requests import Request
from starlette.responses import Response

from jobs.results import Results
from service.job_frames import job_frame
from service.routes.docs.results import GET_RESULT, HEAD_RESULT
from service.routes.plain import plain_router

router = plain_router()


@router.get("/v1/jobs/{id}/result", response_class=Response, openapi_extra=GET_RESULT)
async def get_result(request: Request) -> Response:
    """Give the result frame; a failed or canceled job answers with its problem, status 424."""
    return await job_frame(request, Results.of_job)


@router.head("/v1/jobs/{id}/result", response_class=Response, openapi_extra=HEAD_RESULT)
async def head_result(request: Request) -> Response:
    """Give the headers of the result frame."""
    return await job_frame(request, Results.of_job)
