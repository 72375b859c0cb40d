"""`?validate_only=true`: a submission is read and checked like any other, and nothing of it stays."""

from collections.abc import Collection
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Final

from starlette.requests import Request
from starlette.responses import Response

from jobs.errors import FramequeueError, SpecInvalid, StoreError
from jobs.model import Input, JobSpec, Problem
from service.answers import json_response
from service.dependencies import Services, services, trace_id
from service.intake.draft import Draft
from service.intake.envelope import VALIDATE_ONLY
from service.intake.repeats import Repeats
from service.intake.submission import Submission
from service.intake.uploads import Staging
from service.problems import STATUS, ProblemBody, problem_body, problem_of
from service.schemas import InputBody, PlanBody, PlanStep, ValidationBody

_WORDS: Final = {"true": True, "false": False}
# what a submission means, as against a body that cannot be read, or a store that is away
_MEANING: Final = (410, 422, 424)


def validate_only(request: Request) -> bool:
    """Whether the submission is only to be checked; raises SpecInvalid for what is neither true nor false."""
    if not request.scope["query_string"]:
        return False
    given = request.query_params.getlist(VALIDATE_ONLY)
    if len(given) > 1:
        raise SpecInvalid(f"query parameter {VALIDATE_ONLY!r} is given twice", f"/{VALIDATE_ONLY}")
    word = given[0] if given else "false"
    if word not in _WORDS:
        raise SpecInvalid(f"{VALIDATE_ONLY} is true or false, not {word[:40]!r}", f"/{VALIDATE_ONLY}")
    return _WORDS[word]


async def validated(request: Request, tenant: str) -> Response:
    """What is wrong with the submission, as far as it can be told, and its plan.

    Raises what makes it no submission at all: bodies that cannot be read, that are too large, or of no known type.
    """
    found = services(request)
    rehearsal = Rehearsal(found, Staging(found.queue), tenant, trace_id(request))
    try:
        await rehearsal.read(request, Repeats(request, rehearsed=True))
    except FramequeueError as error:
        rehearsal.note(error)
    finally:
        with suppress(StoreError):  # the chunks end with their TTL
            await found.queue.discard(*rehearsal.staging.staged.values())
    problems = tuple(_body(error, request, found) for error in rehearsal.problems)
    plan = rehearsal.plans[0] if rehearsal.plans else None
    return json_response(ValidationBody(valid=not problems, problems=problems, plan=plan))


@dataclass(frozen=True, slots=True)
class Rehearsal(Submission):
    """A submission that notes what is wrong and goes on, where one that is meant would end."""

    problems: list[FramequeueError] = field(default_factory=list)
    plans: list[PlanBody] = field(default_factory=list)

    def note(self, error: FramequeueError) -> None:
        """Keep an error of meaning, each of its places as a problem of its own; raise any other."""
        if STATUS.get(error.code, 500) not in _MEANING:
            raise error
        self.problems.extend(_apart(error))

    async def _check_pipeline(self, draft: Draft, names: Collection[str]) -> None:
        try:
            await super(Rehearsal, self)._check_pipeline(draft, names)
        except FramequeueError as error:
            self.note(error)

    async def _spec(self, draft: Draft) -> JobSpec:
        sources = dict.fromkeys(self.staging.staged, InputBody()) | draft.envelope.inputs
        inputs: dict[str, Input] = {}
        broken = bool(self.problems)
        for name, source in sources.items():
            try:
                inputs[name] = await self._input(name, source)
            except FramequeueError as error:
                self.note(error)
        spec = draft.spec(inputs, self.services.settings, tenant=self.tenant, trace_id=self.trace_id)
        if not broken and len(inputs) == len(sources):
            await self._plan(spec)
        return spec

    async def _plan(self, spec: JobSpec) -> None:
        queue = self.services.queue
        steps, problems = await self.services.checks.plan(spec.pipeline, spec.inputs, self.staging.staged, queue.chunk)
        self.problems.extend(problems)
        shown = tuple(PlanStep(step.op, step.columns, step.rows_estimate) for step in steps)
        self.plans.append(PlanBody(shown, await queue.weight(spec)))


def _apart(error: FramequeueError) -> list[FramequeueError]:
    if len(error.places) < 2:
        return [error]
    return [
        FramequeueError.restored(
            Problem(code=place.code, title="", detail=place.detail, retryable=False, errors=(place,))
        )
        for place in error.places
    ]


def _body(error: FramequeueError, request: Request, found: Services) -> ProblemBody:
    return problem_body(
        problem_of(error),
        status=STATUS[error.code],
        instance=request.url.path,
        trace_id=trace_id(request),
        public_url=found.public_url,
    )
