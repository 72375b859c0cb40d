"""Jobs that come to be in other ways than one by one: many at once, and the same once more."""

from starlette.requests import Request
from starlette.responses import Response

from jobs.model import Job
from service.accepting import REPLAYED, accept, answer_format, job_answer, replayed_answer
from service.answers import json_response
from service.dependencies import caller, query, services, trace_id, wait_s
from service.ids import job_id_of
from service.intake.batch import read_batch
from service.intake.repeats import Repeats, ReplayedError
from service.intake.uploads import Staging, envelope_bytes
from service.routes.docs.batches import RERUN_JOB, SUBMIT_BATCH
from service.routes.plain import plain_router
from service.schemas import BatchBody
from service.views import job_body

router = plain_router()


@router.post("/v1/jobs/batch", response_class=Response, openapi_extra=SUBMIT_BATCH)
async def submit_batch(request: Request) -> Response:
    """Accept up to 100 jobs together, or none of them."""
    tenant = caller(request, "jobs:write").tenant
    query(request)
    answer_format(request)  # the answer is JSON; what nothing could satisfy is refused before anything is stored
    found, repeats = services(request), Repeats(request)
    staging = Staging(found.queue)
    try:
        async with staging:
            new = await read_batch(request, found, staging, repeats, tenant=tenant, trace_id=trace_id(request))
            staging.handed_over()
            jobs = (await accept(request, new, repeats, None)).jobs
    except ReplayedError as replayed:
        await staging.discard()
        ended = all(job.state.terminal for job in replayed.jobs)
        return _answer(request, replayed.jobs, 200 if ended else 202, {REPLAYED: "true"})
    return _answer(request, jobs, 202, {})


@router.post("/v1/jobs/{id}/rerun", response_class=Response, openapi_extra=RERUN_JOB)
async def rerun_job(request: Request) -> Response:
    """Run a job that has ended once more, as a new job on the same inputs."""
    tenant = caller(request, "jobs:write").tenant
    query(request)
    waits, choice, found, repeats = wait_s(request), answer_format(request), services(request), Repeats(request)
    job_id = job_id_of(request)
    try:
        await repeats.body(await envelope_bytes(request, found.settings))
        await repeats.look(tenant)
        new = await found.queue.submits.rerun(await found.queue.get(tenant, job_id), trace_id(request))
        accepted = await accept(request, [new], repeats, waits)
    except ReplayedError as replayed:
        return await replayed_answer(request, replayed.jobs[0], choice, waits)
    return await job_answer(request, accepted.jobs[0], choice, waits)


def _answer(request: Request, jobs: tuple[Job, ...], status: int, headers: dict[str, str]) -> Response:
    base, group = services(request).public_url, jobs[0].spec.group or ""
    body = BatchBody(group, tuple(job_body(job, base) for job in jobs))
    headers |= {"location": f"{base}/v1/jobs?group={group}", "cache-control": "no-cache"}
    return json_response(body, status, headers)
