"""The ASGI application."""

from fastapi import FastAPI
from starlette.exceptions import HTTPException

from config import Settings
from jobs.pipeline import Bounds
from jobs.queue import JobQueue
from jobs.results import Results
from service.access import AccessLog
from service.auth import Auth
from service.checks import PipelineChecks
from service.dependencies import Services
from service.edge import Edge, Watching, on_http_exception
from service.intake.submission import MULTIPART
from service.lifespan import lifespan_of
from service.openapi import document
from service.operations import readable_content
from service.quotas import Quotas
from service.routes import (
    batches,
    deliveries,
    events,
    frames,
    health,
    inputs,
    jobs,
    listing,
    pages,
    rejects,
    results,
    transforms,
)

ACCEPT_POST = ", ".join((MULTIPART, *readable_content()))
ROOMS = (
    jobs,
    listing,
    batches,
    results,
    rejects,
    inputs,
    deliveries,
    events,
    frames,
    transforms,
    health,
    pages,
)
"""The modules of routes, in the order in which a path is looked up."""


def create_app(settings: Settings, queue: JobQueue | None = None, access: AccessLog | None = None) -> FastAPI:
    """The application with these settings; nothing is opened before its lifespan starts.

    `access` gets a line for each answer. Raises SettingsError where it would stand open to others without keys.
    """
    auth = Auth.from_settings(settings)
    queue = queue or JobQueue.from_settings(settings)
    checks = PipelineChecks(queue.catalogue, Bounds.of(settings.limits), settings.limits.columns)
    watching = Watching(access=access, tracing=queue.tracing)
    services = Services(settings, queue, auth, checks, Results(queue), watching.meter)
    # the routes themselves, not included routers: those cost every request 50 µs
    routes = [route for room in ROOMS for route in room.router.routes]
    app = FastAPI(
        title="framequeue",
        routes=routes,
        lifespan=lifespan_of(services),
        redirect_slashes=False,
        docs_url=None,
        redoc_url=None,
        exception_handlers={HTTPException: on_http_exception},
    )
    if queue.requests.per_minute:
        app.add_middleware(Quotas, auth=auth, requests=queue.requests)
    app.add_middleware(Edge, public_url=services.public_url, formats=ACCEPT_POST, watching=watching)
    app.openapi = document(routes, services.public_url, keys=not auth.open)  # type: ignore[method-assign]  # FastAPI's documented way
    return app
