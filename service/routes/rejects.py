"""Rejects: the rows that a job has set aside, as a frame in the format the caller negotiates."""

from starlette.requests import Request
from starlette.responses import Response

from jobs.reject_results import render_rejects
from service.job_frames import job_frame
from service.routes.docs.rejects import GET_REJECTS, HEAD_REJECTS
from service.routes.plain import plain_router

router = plain_router()


@router.get("/v1/jobs/{id}/rejects", response_class=Response, openapi_extra=GET_REJECTS)
async def get_rejects(request: Request) -> Response:
    """Give the rows that were set aside; none are an empty frame of the same columns."""
    return await job_frame(request, render_rejects, ending="-rejects")


@router.head("/v1/jobs/{id}/rejects", response_class=Response, openapi_extra=HEAD_REJECTS)
async def head_rejects(request: Request) -> Response:
    """Give the headers of the frame of rejects."""
    return await job_frame(request, render_rejects, ending="-rejects")
