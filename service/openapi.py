"""The OpenAPI document: the routes' own words, and components from the schemas and the map of problems."""

from collections.abc import Callable, Sequence
from importlib.metadata import version
from typing import Any

from fastapi.openapi.utils import get_openapi
from starlette.routing import BaseRoute

from service.problem_schemas import problem_response, problem_schemas
from service.problems import STATUS
from service.routes.docs.examples import EXAMPLES
from service.schemas import components

_ABOUT = (
    "Durable DataFrame jobs: send a table and a pipeline of pandas steps, get a job, fetch the result in any format. "
    "Every error is an RFC 9457 problem with a stable `code`."
)


def document(routes: Sequence[BaseRoute], public_url: str, *, keys: bool) -> Callable[[], dict[str, Any]]:
    """A function that builds the document at its first call; `keys`: the service asks callers for one."""
    built: dict[str, Any] = {}

    def openapi() -> dict[str, Any]:
        if not built:
            built.update(_build(routes, public_url, keys=keys))
        return built

    return openapi


def _build(routes: Sequence[BaseRoute], public_url: str, *, keys: bool) -> dict[str, Any]:
    found = get_openapi(
        title="framequeue", version=version("framequeue"), description=_ABOUT, routes=routes, openapi_version="3.1.0"
    )
    for path in found["paths"].values():
        for operation in path.values():
            operation["responses"] = _own(operation["responses"])
            if not keys:
                operation["security"] = [{}]
    found["components"] = {
        "schemas": components() | problem_schemas(),
        "examples": {name: {"value": value} for name, value in EXAMPLES.items()},
        "responses": {f"Problem{status}": problem_response(status) for status in sorted(set(STATUS.values()))},
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
