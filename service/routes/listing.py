"""Finding jobs, and deleting them."""

from starlette.requests import Request
from starlette.responses import Response

from service.answers import json_response
from service.cursors import cursor_of
from service.dependencies import caller, query, services
from service.ids import job_id_of
from service.list_query import ListQuery
from service.routes.docs.listing import DELETE_JOB, LIST_JOBS
from service.routes.plain import plain_router
from service.schemas import JobsBody
from service.views import job_body

router = plain_router()


@router.get("/v1/jobs", response_class=Response, openapi_extra=LIST_JOBS)
async def list_jobs(request: Request) -> Response:
    """List jobs, newest first; each page leads to the next."""
    tenant = caller(request, "jobs:read").tenant
    found = services(request)
    asked = ListQuery.of(request, tenant, found.settings.limits.labels)
    page = await found.queue.listing.page(tenant, asked.filters, asked.limit, asked.place)
    cursor = None if page.next is None else cursor_of(page.next, tenant, asked.filters)
    headers = {"cache-control": "no-cache"}
    if cursor is not None:
        headers["link"] = f'<{found.public_url}/v1/jobs?{asked.next(cursor)}>; rel="next"'
    return json_response(JobsBody(tuple(job_body(job, found.public_url) for job in page.jobs), cursor), 200, headers)


@router.delete("/v1/jobs/{id}", response_class=Response, openapi_extra=DELETE_JOB)
async def delete_job(request: Request) -> Response:
    """Delete a job that has ended, with all its data."""
    tenant = caller(request, "jobs:write").tenant
    query(request)
    job_id = job_id_of(request)
    await services(request).queue.delete(tenant, job_id)
    return Response(status_code=204)
