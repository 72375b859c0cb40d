"""The answers to what makes a job: the job, or its result itself where the caller waits for a frame."""

from starlette.requests import Request
from starlette.responses import Response

from jobs.model import Job
from jobs.results import render_job
from jobs.state import JobState
from jobs.store.submits import Accepted, NewJob
from service.answers import failed_response, frame_response, job_response, view_of
from service.dependencies import services
from service.intake.repeats import Repeats, ReplayedError
from service.negotiation import JSON, Choice, accepted
from service.views import job_path

REPLAYED = "idempotent-replayed"


def answer_format(request: Request) -> Choice | None:
    """The frame format that the caller likes best; None for JSON, and so the job. Raises FormatNotAcceptable."""
    accept = request.headers.get("accept")
    if accept in (None, "*/*", JSON):  # what nearly everybody sends
        return None
    choice = accepted(accept)
    return None if choice.codec.media_types[0] == JSON else choice


async def accept(request: Request, new: list[NewJob], repeats: Repeats, waits: float | None) -> Accepted:
    """Accept the jobs; raises ReplayedError where the same request was quicker, with the jobs that it made."""
    found = await services(request).queue.accept(new, key=repeats.key, wait_s=waits or 0)
    if found.replayed:
        raise ReplayedError(found.jobs)
    return found


async def replayed_answer(request: Request, job: Job, choice: Choice | None, waits: float | None) -> Response:
    """The answer to a request that made this job before."""
    if waits and not job.state.terminal:
        job = await services(request).queue.wait(job.spec.tenant, job.id, waits)
    answer = await job_answer(request, job, choice, waits)
    answer.headers[REPLAYED] = "true"
    return answer


async def job_answer(request: Request, job: Job, choice: Choice | None, waits: float | None) -> Response:
    """The answer to a request that made this job: 202, or 200 when it has ended."""
    if job.state.terminal and waits and choice is not None:
        return await _result_itself(request, job, choice, waits)
    return job_response(request, job, 200 if job.state.terminal else 202, waited_s=waits)


async def _result_itself(request: Request, job: Job, choice: Choice, waited_s: float) -> Response:
    location = services(request).public_url + job_path(job.id)
    headers = {"location": location, "preference-applied": f"wait={waited_s:g}"}
    # where the frame cannot be had in this format, the caller still learns which job has it
    request.scope["problem_headers"] = dict(headers)
    failed = failed_response(request, job) if job.state is not JobState.SUCCEEDED else None
    if failed is not None:
        failed.headers.update(headers)
        return failed
    view = view_of(request, choice, {})
    rendering = await render_job(services(request).queue, job, view)
    headers["content-location"] = f"{location}/result"
    return await frame_response(request, rendering, view, choice, name=job.id, headers=headers)
