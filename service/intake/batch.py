"""Many submissions in one body of JSON: each read as if it came alone, and pointed at by its place."""

import re
from typing import Final

import msgspec
from starlette.requests import Request

from jobs.errors import (
    FieldUnknown,
    FormatUnsupported,
    FramequeueError,
    NestedTooDeep,
    SpecError,
    SpecInvalid,
    TooManyJobs,
)
from jobs.store.submits import NewJob
from jobs.submits import new_group
from service.dependencies import Services
from service.intake.draft import beside
from service.intake.repeats import Repeats
from service.intake.submission import Submission, check_charset
from service.intake.uploads import Staging, envelope_bytes
from service.intake.wording import malformed, message_of, pointer_to, readable, split
from service.negotiation import JSON, media_type_of
from service.pointers import escaped

_UNKNOWN: Final = re.compile(r"Object contains unknown field `(.*?)`?", re.DOTALL)


class _Bodies(msgspec.Struct, forbid_unknown_fields=True):
    jobs: list[msgspec.Raw]


_BODIES: Final = msgspec.json.Decoder(_Bodies)


async def read_batch(
    request: Request, services: Services, staging: Staging, repeats: Repeats, *, tenant: str, trace_id: str
) -> list[NewJob]:
    """The jobs that the request spells, in one new group; raises what is wrong with the first that has a fault."""
    media_type, parameters = media_type_of(request.headers.get("content-type", ""))
    if media_type != JSON:
        raise FormatUnsupported(f"a batch is {JSON}, not {media_type[:80]!r}")
    check_charset(parameters)
    body = await envelope_bytes(request, services.settings)
    await repeats.body(body)
    await repeats.look(tenant)
    bodies = await beside(len(body), _bodies, body, services.settings.limits.batch_jobs)
    group, made = new_group(), []
    for index, one in enumerate(bodies):
        place = staging.beside()
        try:
            spec = await Submission(services, place, tenant, trace_id).spec_of(bytes(one))
        except FramequeueError as error:
            raise error.inside(f"/jobs/{index}") from None
        made.append(services.queue.submits.new(spec.changed(group=group), place.staged, at=f"/jobs/{index}"))
    return made


def _bodies(body: bytes | bytearray, most: int) -> list[msgspec.Raw]:
    try:
        bodies = _BODIES.decode(body).jobs
    except msgspec.ValidationError as error:
        raise _explained(message_of(error)) from None
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise malformed(error, body) from None
    except RecursionError:
        raise NestedTooDeep("levels of nested JSON", 1_000, 1_000) from None
    if not bodies:
        raise SpecInvalid("a batch has at least one job", "/jobs")
    if len(bodies) > most:
        raise TooManyJobs("jobs in a batch", len(bodies), most, "/jobs")
    return bodies


def _explained(message: str) -> SpecError:
    said, path = split(message)
    if (unknown := _UNKNOWN.fullmatch(said)) is not None:
        name = unknown[1][:200]
        return FieldUnknown(name, ("jobs",), f"/{escaped(name)}")
    return SpecInvalid(f"{readable(message)}: a batch is {{'jobs': [...]}}", pointer_to(path) or "/jobs")
