"""Pages for people: the API's own description, and the way to it from the root."""

from starlette.requests import Request
from starlette.responses import HTMLResponse, RedirectResponse, Response

from service.dependencies import services
from service.docs_page import docs_page
from service.errors_page import errors_page
from service.routes.plain import plain_router

router = plain_router()


@router.get("/", include_in_schema=False)
async def root(request: Request) -> Response:
    """Send a visitor to the docs."""
    return RedirectResponse(f"{services(request).public_url}/docs", 307)


@router.get("/docs", include_in_schema=False)
async def docs(request: Request) -> Response:
    """Show every operation; the page needs nothing from elsewhere, and becomes Swagger UI where that loads."""
    base = services(request).public_url or str(request.base_url).rstrip("/")
    return HTMLResponse(docs_page(request.app.openapi(), base))


@router.get("/errors", include_in_schema=False)
async def errors(_: Request) -> Response:
    """Show every error: the `type` of a problem leads here, to its code."""
    return HTMLResponse(errors_page())
