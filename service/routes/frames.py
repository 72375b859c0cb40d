"""Frames: tables that are uploaded once and used by many jobs."""

from starlette.requests import Request
from starlette.responses import Response

from service.accepting import REPLAYED
from service.answers import frame_response, json_response, view_of
from service.dependencies import caller, query, services
from service.ids import frame_id_of
from service.intake.repeats import Repeats
from service.intake.uploads import InputFormat, Staging, store_body
from service.leaving import unless_left
from service.negotiation import accepted, named
from service.operations import FRAME_QUERY_NAMES
from service.routes.docs.frames import DELETE_FRAME, GET_CONTENT, GET_FRAME, HEAD_CONTENT, UPLOAD_FRAME
from service.routes.plain import plain_router
from service.views import frame_body, frame_path

router = plain_router()


@router.post("/v1/frames", response_class=Response, openapi_extra=UPLOAD_FRAME)
async def upload_frame(request: Request) -> Response:
    """Keep a table; it is read once, so that what cannot be read is refused now and not in a job."""
    tenant = caller(request, "frames").tenant
    query(request)
    found = services(request)
    form, repeats, staging = InputFormat.of(request.headers), Repeats(request), Staging(found.queue)
    async with staging:
        staged = await store_body(request, found.queue, found.settings, form, inline=False)
        staging.staged["frame"] = staged
        await repeats.stored_body(staged)
        kept = await repeats.kept_frame(tenant)
        staging.handed_over()
        if kept is None:
            kept = await found.queue.add_frame(tenant, staged, repeats.key)
    headers = {"location": found.public_url + frame_path(kept.frame.id)}
    if kept.replayed:
        await staging.discard()
        headers[REPLAYED] = "true"
    return json_response(frame_body(kept.frame), 201, headers)


@router.get("/v1/frames/{id}", response_class=Response, openapi_extra=GET_FRAME)
async def get_frame(request: Request) -> Response:
    """Show what is known of a frame."""
    tenant = caller(request, "frames").tenant
    query(request)
    return json_response(frame_body(await services(request).queue.frame(tenant, frame_id_of(request))))


@router.delete("/v1/frames/{id}", response_class=Response, openapi_extra=DELETE_FRAME)
async def delete_frame(request: Request) -> Response:
    """Forget a frame; jobs that were accepted with it are unharmed."""
    tenant = caller(request, "frames").tenant
    query(request)
    await services(request).queue.delete_frame(tenant, frame_id_of(request))
    return Response(status_code=204)


@router.get("/v1/frames/{id}/content", response_class=Response, openapi_extra=GET_CONTENT)
async def get_content(request: Request) -> Response:
    """Give a frame back in the format the caller negotiates."""
    return await _content(request)


@router.head("/v1/frames/{id}/content", response_class=Response, openapi_extra=HEAD_CONTENT)
async def head_content(request: Request) -> Response:
    """Give the headers of a frame in the format the caller negotiates."""
    return await _content(request)


async def _content(request: Request) -> Response:
    tenant = caller(request, "frames").tenant
    parameters = query(request, FRAME_QUERY_NAMES, repeated=("columns",))
    wanted = parameters.get("format")
    choice = accepted(request.headers.get("accept")) if wanted is None else named(wanted)
    view = view_of(request, choice, parameters)
    found = services(request)
    frame = await found.queue.frame(tenant, frame_id_of(request))

    async def rendered() -> Response:
        rendering = await found.results.of_frame(frame, view)
        return await frame_response(request, rendering, view, choice, name=frame.id, headers={})

    return await unless_left(request, rendered())
