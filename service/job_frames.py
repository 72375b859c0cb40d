"""A frame of a job on its way out: its result, or what it set aside, in the format the caller negotiates."""

from collections.abc import Awaitable, Callable

from starlette.requests import Request
from starlette.responses import Response

from jobs.model import Job
from jobs.renderings import Rendering
from jobs.results import Results, View
from service.answers import failed_response, frame_response, view_of
from service.dependencies import caller, query, services
from service.ids import job_id_of
from service.leaving import unless_left
from service.negotiation import accepted, named
from service.operations import FRAME_QUERY_NAMES

Render = Callable[[Results, Job, View], Awaitable[Rendering]]


async def job_frame(request: Request, render: Render, *, ending: str = "") -> Response:
    """The frame that `render` makes of the path's job; the file that it is saved as is named after job and `ending`.

    A job without a result, and that never will have one, answers with its problem, status 424.
    """
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
        rendering = await render(found.results, job, view)
        return await frame_response(request, rendering, view, choice, name=f"{job.id}{ending}", headers={})

    return await unless_left(request, rendered())
