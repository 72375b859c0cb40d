"""What became of a job's webhook."""

from starlette.requests import Request
from starlette.responses import Response

from service.answers import json_response
from service.dependencies import caller, query, services
from service.ids import job_id_of
from service.routes.docs.deliveries import GET_DELIVERIES
from service.routes.plain import plain_router
from service.views import deliveries_body

router = plain_router()


@router.get("/v1/jobs/{id}/deliveries", response_class=Response, openapi_extra=GET_DELIVERIES)
async def get_deliveries(request: Request) -> Response:
    """Show every try to tell the job's webhook of its end."""
    who = caller(request, "jobs:read")
    query(request)
    tries = await services(request).queue.deliveries(who.tenant, job_id_of(request))
    return json_response(deliveries_body(tries))
