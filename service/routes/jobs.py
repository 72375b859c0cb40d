"""Submitting jobs and looking at them."""

from starlette.requests import Request
from starlette.responses import Response

from jobs.model import Job
from service.accepting import accept, answer_format, job_answer, replayed_answer
from service.answers import job_response, json_response, not_modified
from service.dependencies import caller, query, services, trace_id, wait_s
from service.ids import job_id_of
from service.intake.repeats import Repeats, ReplayedError
from service.intake.submission import Submission
from service.intake.uploads import Staging
from service.negotiation import NDJSON, has_tag
from service.routes.docs.jobs import CANCEL_JOB, GET_JOB, GET_LOGS, GET_REPORT
from service.routes.docs.submit import SUBMIT
from service.routes.plain import plain_router
from service.views import log_lines, report_body

router = plain_router()


@router.post("/v1/jobs", response_class=Response, openapi_extra=SUBMIT)
async def submit(request: Request) -> Response:
    """Accept a job; with `Prefer: wait`, answer with its end where that comes in time."""
    tenant = caller(request, "jobs:write").tenant
    waits, choice = wait_s(request), answer_format(request)
    found, repeats = services(request), Repeats(request)
    staging = Staging(found.queue)
    try:
        async with staging:
            spec = await Submission(found, staging, tenant, trace_id(request)).read(request, repeats)
            staging.handed_over()
            new = found.queue.submits.new(spec, staging.staged)
            accepted = await accept(request, [new], repeats, waits)
    except ReplayedError as replayed:
        await staging.discard()
        return await replayed_answer(request, replayed.jobs[0], choice, waits)
    return await job_answer(request, accepted.jobs[0], choice, waits)


@router.get("/v1/jobs/{id}", response_class=Response, openapi_extra=GET_JOB)
async def get_job(request: Request) -> Response:
    """Show a job; with `Prefer: wait`, once it has ended, or has another version than `If-None-Match` names."""
    tenant = caller(request, "jobs:read").tenant
    query(request)
    waits, job_id, queue = wait_s(request), job_id_of(request), services(request).queue
    conditional = "if-none-match" in request.headers
    if waits and not conditional:
        job = await queue.wait(tenant, job_id, waits)
    else:
        job = await queue.get(tenant, job_id)
        if waits and not job.state.terminal and _has(request, job):
            job = await queue.wait(tenant, job_id, waits, known_version=job.version)
    if conditional and _has(request, job):
        return not_modified(job, waited_s=waits)
    return job_response(request, job, 200, waited_s=waits)


@router.post("/v1/jobs/{id}/cancel", response_class=Response, openapi_extra=CANCEL_JOB)
async def cancel_job(request: Request) -> Response:
    """Ask for a job's end as canceled: at once where nobody runs it, else once its worker has stopped."""
    tenant = caller(request, "jobs:write").tenant
    query(request)
    job = await services(request).queue.cancel(tenant, job_id_of(request))
    return job_response(request, job, 200 if job.state.terminal else 202)


@router.get("/v1/jobs/{id}/report", response_class=Response, openapi_extra=GET_REPORT)
async def get_report(request: Request) -> Response:
    """Show every attempt that failed; tracebacks need the scope `debug`."""
    who = caller(request, "jobs:read")
    query(request)
    found, job_id = services(request), job_id_of(request)
    job = await found.queue.get(who.tenant, job_id)
    reports = await found.queue.reports(who.tenant, job_id)
    return json_response(report_body(job, reports, found.public_url, traceback=who.may("debug")))


@router.get("/v1/jobs/{id}/logs", response_class=Response, openapi_extra=GET_LOGS)
async def get_logs(request: Request) -> Response:
    """Give what the job's transforms logged, printed and warned, as JSON lines."""
    who = caller(request, "jobs:read")
    query(request)
    records = await services(request).queue.logs(who.tenant, job_id_of(request))
    return Response(log_lines(records), media_type=NDJSON, headers={"cache-control": "no-cache"})


def _has(request: Request, job: Job) -> bool:
    return has_tag(request.headers, f'"{job.version}"')
