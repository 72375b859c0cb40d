"""The catalogue of ops."""

from typing import Any

import msgspec
from starlette.requests import Request
from starlette.responses import Response

from jobs.errors import NotFound
from service.dependencies import caller, query, services
from service.negotiation import JSON, has_tag
from service.routes.docs.transforms import GET_TRANSFORM, LIST_TRANSFORMS
from service.routes.plain import plain_router

router = plain_router()


@router.get("/v1/transforms", response_class=Response, openapi_extra=LIST_TRANSFORMS)
async def list_transforms(request: Request) -> Response:
    """List every op with its parameters as JSON Schema and one example that runs."""
    caller(request, "jobs:read")
    query(request)
    catalogue = services(request).queue.catalogue
    return _response(request, {"transforms": [catalogue.describe(op) for op in catalogue]})


@router.get("/v1/transforms/{op}", response_class=Response, openapi_extra=GET_TRANSFORM)
async def get_transform(request: Request) -> Response:
    """Show one op."""
    caller(request, "jobs:read")
    query(request)
    catalogue, op = services(request).queue.catalogue, request.path_params["op"]
    if op not in catalogue:
        raise NotFound("transform", op[:80])
    return _response(request, catalogue.describe(op))


def _response(request: Request, body: dict[str, Any]) -> Response:
    headers = {"etag": f'"{services(request).queue.catalogue.fingerprint}"', "cache-control": "no-cache"}
    if has_tag(request.headers, headers["etag"]):
        return Response(status_code=304, headers=headers)
    # an example may hold dates, which are their text in JSON
    return Response(msgspec.json.encode(body, enc_hook=str), 200, headers, JSON)
