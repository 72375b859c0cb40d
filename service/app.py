"""The ASGI application."""

from fastapi import FastAPI
from starlette.exceptions import HTTPException

from config import Settings
from jobs.codecs.table import CODECS
from jobs.queue import JobQueue
from service.auth import Auth
from service.checks import PipelineChecks
from service.dependencies import Services
from service.edge import Edge, on_http_exception
from service.intake.submission import MULTIPART
from service.lifespan import lifespan_of
from service.openapi import document
from service.routes import frames, health, jobs, pages, rejects, results, transforms

ACCEPT_POST = ", ".join((MULTIPART, *(media_type for codec in CODECS for media_type in codec.media_types)))


def create_app(settings: Settings, queue: JobQueue | None = None) -> FastAPI:
    """The application with these settings; nothing is opened before its lifespan starts.

    Raises SettingsError where it would stand open to others without keys.
    """
    auth = Auth.from_settings(settings)
    queue = queue or JobQueue.from_settings(settings)
    services = Services(settings, queue, auth, PipelineChecks(queue.catalogue, settings.limits.steps))
    # the routes themselves, not included routers: those cost every request 50 µs
    routes = [
        route for room in (jobs, results, rejects, frames, transforms, health, pages) for route in room.router.routes
    ]
    app = FastAPI(
        title="framequeue",
        routes=routes,
        lifespan=lifespan_of(services),
        redirect_slashes=False,
        docs_url=None,
        redoc_url=None,
        exception_handlers={HTTPException: on_http_exception},
    )
    app.add_middleware(Edge, public_url=services.public_url, formats=ACCEPT_POST)
    app.openapi = document(routes, services.public_url)  # type: ignore[method-assign]  # FastAPI's documented way
    return app
