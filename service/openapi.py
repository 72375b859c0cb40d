"""The OpenAPI document: the routes' own words, and components from the schemas and the map of problems."""

from collections.abc import Callable, Sequence
from http import HTTPStatus
from importlib.metadata import version
from typing import Any

from fastapi.openapi.utils import get_openapi
from starlette.routing import BaseRoute

from service.operations import PROBLEM_CONTENT
from service.problems import STATUS
from service.schemas import components

_ABOUT = (
    "Durable DataFrame jobs: send a table and a pipeline of pandas steps, get a job, fetch the result in any format. "
    "Every error is an RFC 9457 problem with a stable `code`."
)
_RETRIED = (409, 503)


def document(routes: Sequence[BaseRoute], public_url: str) -> Callable[[], dict[str, Any]]:
    """A function that builds the document at its first call, and gives the same one after."""
    built: dict[str, Any] = {}

    def openapi() -> dict[str, Any]:
        if not built:
            built.update(_build(routes, public_url))
        return built

    return openapi


def _build(routes: Sequence[BaseRoute], public_url: str) -> dict[str, Any]:
    found = get_openapi(
        title="framequeue", version=version("framequeue"), description=_ABOUT, routes=routes, openapi_version="3.1.0"
    )
    for path in found["paths"].values():
        for operation in path.values():
            operation["responses"] = _own(operation["responses"])
    found["components"] = {
        "schemas": components(),
        "responses": {f"Problem{status}": _problem(status) for status in sorted(set(STATUS.values()))},
        "securitySchemes": {
            "key": {"type": "http", "scheme": "bearer", "description": "A key of `framequeue keys new`."}
        },
    }
    found["servers"] = [{"url": public_url or "/"}]
    return found


def _own(responses: dict[str, Any]) -> dict[str, Any]:
    """The answers that a route names itself: FastAPI adds a bare 200 to all of them."""
    named = {
        status: answer for status, answer in responses.items() if answer.get("description") != "Successful Response"
    }
    return dict(sorted(named.items()))


def _problem(status: int) -> dict[str, Any]:
    codes = sorted(code for code, mapped in STATUS.items() if mapped == status)
    answer: dict[str, Any] = {
        "description": f"{HTTPStatus(status).phrase}: {', '.join(f'`{code}`' for code in codes)}",
        "content": PROBLEM_CONTENT,
    }
    if status in _RETRIED:
        answer["headers"] = {"Retry-After": {"description": "Seconds.", "schema": {"type": "integer"}}}
    return answer
