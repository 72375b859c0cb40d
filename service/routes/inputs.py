"""Inputs: what a job was given, byte for byte."""

import json
import re
from urllib.parse import quote

from starlette.requests import Request
from starlette.responses import Response, StreamingResponse

from jobs.errors import NotFound
from jobs.model import Job, PayloadRef
from service.dependencies import caller, query, services
from service.ids import job_id_of
from service.routes.docs.inputs import GET_INPUT
from service.routes.plain import plain_router

router = plain_router()


@router.get("/v1/jobs/{id}/inputs/{name:path}", response_class=Response, openapi_extra=GET_INPUT)
async def get_input(request: Request) -> Response:
    """Give the bytes of an input as they are stored; what has expired is 410."""
    tenant = caller(request, "jobs:read").tenant
    query(request)
    queue, name = services(request).queue, request.path_params["name"]
    job = await queue.get(tenant, job_id_of(request))
    if name not in job.spec.inputs:
        raise NotFound("input", name[:80])
    return StreamingResponse(await queue.inputs.pieces(job, name), headers=_headers(job, name))


def _headers(job: Job, name: str) -> dict[str, str]:
    """What the bytes are, and how the job reads them."""
    given = job.spec.inputs[name]
    headers = {
        "content-type": _type(given.payload),
        "content-length": str(given.payload.bytes),
        "content-disposition": _disposition(name),
        "cache-control": "private, no-cache",
        "framequeue-dtypes": json.dumps(given.dtypes),
        "framequeue-on-row-error": job.spec.on_row_error.value,
        "framequeue-max-rejects": str(job.spec.max_rejects),
    }
    return headers | ({"content-encoding": given.payload.encoding} if given.payload.encoding else {})


def _disposition(name: str) -> str:
    """A name may hold any printable character, and a header's text none beyond Latin-1."""
    plain = re.sub(r"[^\w .-]", "_", name, flags=re.ASCII)
    whole = "" if plain == name else f"; filename*=UTF-8''{quote(name, safe='')}"
    return f'attachment; filename="{plain}"{whole}'


def _type(payload: PayloadRef) -> str:
    """The media type with what is said beside it, as a request would say it."""
    parts = {"charset": payload.charset, "orient": payload.orient}
    return "; ".join([payload.media_type, *(f"{name}={value}" for name, value in parts.items() if value)])
