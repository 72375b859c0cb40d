"""What a handler needs: the services of the application, who calls, and what its query says."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import TypedDict

from starlette.requests import Request

from config import Settings
from jobs.errors import FieldUnknown, SpecInvalid
from jobs.queue import JobQueue
from jobs.results import Results
from service.auth import Auth, Caller, Scope
from service.checks import PipelineChecks
from service.metrics import HttpMeter
from service.negotiation import wait_preference
from service.pointers import escaped


@dataclass(frozen=True, slots=True)
class Services:
    """What lives as long as the application."""

    settings: Settings
    queue: JobQueue
    auth: Auth
    checks: PipelineChecks
    results: Results
    meter: HttpMeter

    @property
    def public_url(self) -> str:
        """The base of links and problem types, without a slash at its end."""
        return self.settings.api.public_url.rstrip("/")


class State(TypedDict):
    """The state that the lifespan gives to every request."""

    services: Services


def services(request: Request) -> Services:
    """The services of the application that got this request."""
    found: Services = request.scope["state"]["services"]
    return found


def caller(request: Request, scope: Scope) -> Caller:
    """Who calls; raises KeyMissing, KeyUnknown, or ScopeMissing where the key lacks `scope`."""
    found = services(request).auth.caller(request.headers)
    found.need(scope)
    return found


def trace_id(request: Request) -> str:
    """The trace id of this request, 32 hex digits."""
    found: str = request.scope["trace_id"]
    return found


def query(request: Request, known: Iterable[str] = (), *, repeated: Iterable[str] = ()) -> dict[str, str]:
    """The query parameters, each once but `repeated` (joined by commas); raises FieldUnknown or SpecInvalid."""
    if not request.scope["query_string"]:
        return {}
    known, repeated = tuple(known), tuple(repeated)
    found: dict[str, str] = {}
    for name, value in request.query_params.multi_items():
        pointer = f"/{escaped(name)}"
        if name not in known and name not in repeated:
            raise FieldUnknown(name, [*known, *repeated], pointer, kind="query parameter")
        if name in found and name not in repeated:
            raise SpecInvalid(f"query parameter {name!r} is given twice", pointer)
        found[name] = f"{found[name]},{value}" if name in found else value
    return found


def wait_s(request: Request) -> float | None:
    """How long the caller prefers to wait, in seconds, capped by the settings; None where it does not say."""
    asked = wait_preference(request.headers)
    return None if asked is None else min(float(asked), services(request).settings.api.max_wait_s)
