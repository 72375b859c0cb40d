"""What must hold of every job once the load has drained; written from the documents, not with the product's code."""

import asyncio
from collections import Counter
from collections.abc import AsyncIterator, Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import httpx
import redis

from tests.acceptance.faults import history
from tests.acceptance.faults.history import Event, Stored
from tests.acceptance.faults.load import TERMINAL, Client, Sent
from tests.acceptance.faults.work import Expected

# docs/state.md, by what an event may follow; the first may be a queued one, or an end for a job that only waited
_AFTER: Mapping[str, frozenset[str]] = {
    "": frozenset({"job.queued", "job.failed", "job.canceled"}),
    "job.queued": frozenset({"job.started", "job.failed", "job.canceled"}),
    "job.retrying": frozenset({"job.started", "job.failed", "job.canceled"}),
    "job.started": frozenset(
        {"job.progress", "job.queued", "job.retrying", "job.succeeded", "job.failed", "job.canceled"}
    ),
    "job.progress": frozenset(
        {"job.progress", "job.queued", "job.retrying", "job.succeeded", "job.failed", "job.canceled"}
    ),
    "job.succeeded": frozenset(),
    "job.failed": frozenset(),
    "job.canceled": frozenset(),
}
_STATES = {
    "job.queued": "queued",
    "job.started": "running",
    "job.progress": "running",
    "job.retrying": "queued",
    "job.succeeded": "succeeded",
    "job.failed": "failed",
    "job.canceled": "canceled",
}
_ALWAYS_THERE = ("spec", "state", "version", "attempt", "created_ms", "max_attempts")
_AT_THE_END = ("outcome", "finished_ms", "expires_ms")
_AT_A_TIME = 8


@dataclass(frozen=True, slots=True)
class Violation:
    """Something that must not be; `story` is all that is known of the job, `job` its id."""

    what: str
    story: tuple[str, ...] = ()
    job: str | None = None


@dataclass(frozen=True, slots=True)
class Found:
    """What a look at all jobs gave."""

    jobs: Mapping[str, Stored]
    violations: list[Violation]
    checked: int
    unknown_stored: Mapping[str, int]
    """By answer: submissions that got no id, and whose job is there all the same; it has to be as whole as others."""


def of_events(events: tuple[Event, ...]) -> Iterator[str]:
    """What is wrong with a job's events by themselves."""
    before, attempt, version = "", 0, 0
    for event in events:
        if event.kind not in _AFTER.get(before, frozenset()):
            yield f"{event.kind} after {before or 'nothing'}"
        if event.state != _STATES.get(event.kind):
            yield f"{event.kind} with state {event.state}"
        if event.version <= version:
            yield f"version {event.version} after {version}"
        if event.kind == "job.started" and not max(1, attempt) <= event.attempt <= attempt + 1:
            yield f"attempt {event.attempt} started after {attempt}"  # the same again: it was handed back with its try
        if event.kind == "job.started":
            attempt = event.attempt
        elif event.attempt != attempt and not (event.kind == "job.queued" and event.attempt == max(0, attempt - 1)):
            yield f"{event.kind} of attempt {event.attempt} while it was {attempt}"
        before, version = event.kind, event.version
    ends = [event.kind for event in events if event.state in TERMINAL]
    if len(ends) != 1:
        yield f"{len(ends)} terminal events: {ends}"


def of_record(job: Stored) -> Iterator[str]:
    """What is wrong with a stored job, whoever submitted it."""
    missing = [name for name in _ALWAYS_THERE if name not in job.fields]
    if missing or job.ttl_ms["events"] == -2 or job.state not in TERMINAL:
        yield f"half-stored or not ended: state {job.state!r}, missing {missing}, events' TTL {job.ttl_ms['events']}"
        return
    if absent := [name for name in _AT_THE_END if name not in job.fields]:
        yield f"ended without {absent}"
    yield from of_events(job.events)
    last = job.events[-1] if job.events else None
    if last is None or (last.state, last.version) != (job.state, job.count("version")):
        yield f"the record says {job.state} v{job.count('version')}, the last event {last}"
    if job.count("attempt") - job.count("free") > job.count("max_attempts"):
        yield f"attempt {job.count('attempt')} of {job.count('max_attempts')}"
    for part, ttl in job.ttl_ms.items():
        if ttl == -1:
            yield f"its {part or 'record'} has no TTL"
    if any(report.get("attempt", 0) > job.count("attempt") for report in job.reports):
        yield "a report of an attempt that never was"


def _all(connection: redis.Redis) -> dict[str, Stored]:
    return {job.id: job for job in history.read(connection, history.job_ids(connection))}


async def check(client: Client, port: int, sent: Iterable[Sent]) -> Found:
    """Every job that was accepted, and every one that is there without its client's knowing."""
    connection = redis.Redis(port=port)
    jobs = await asyncio.to_thread(_all, connection)
    by_number = {one.number: one for one in sent}
    wrongs = [Violation(what, tuple(job.story()), job.id) for job in jobs.values() for what in of_record(job)]
    wrongs += [Violation(f"submission {one.number}: {what}") for one in by_number.values() for what in one.wrongs]
    submitted: set[int] = set()
    unknown: Counter[str] = Counter()
    for job in jobs.values():
        number = job.number if "spec" in job.fields else None
        if number is None:
            continue
        if number in submitted or number not in by_number:
            wrongs.append(Violation(f"submission {number} became more than one job", tuple(job.story()), job.id))
            continue
        submitted.add(number)
        if by_number[number].id is None:
            unknown[by_number[number].answer] += 1
            by_number[number].id = job.id
    known = [one for one in by_number.values() if one.id is not None]
    for one in known:
        if one.id not in jobs:
            wrongs.append(Violation(f"submission {one.number} was accepted as {one.id}, and its record is gone"))
    turns = asyncio.Semaphore(_AT_A_TIME)
    looks = await asyncio.gather(*(_look(client, turns, one, jobs) for one in known))
    return Found(jobs, wrongs + [wrong for look in looks for wrong in look], len(known), unknown)


async def _look(client: Client, turns: asyncio.Semaphore, sent: Sent, jobs: Mapping[str, Stored]) -> list[Violation]:
    stored = jobs.get(sent.id or "")
    async with turns:
        wrongs = [what async for what in _over_http(client, sent, stored)]
    story = [] if stored is None else stored.story()
    head = f"submission {sent.number} ({sent.order.kind})"
    told = f"its client: sent {sent.sent_at:.3f}, {sent.answer}, saw {sent.state} at {sent.ended_at}"
    return [Violation(f"{head}: {what}", (told, *story), sent.id) for what in wrongs]


async def _over_http(client: Client, sent: Sent, stored: Stored | None) -> AsyncIterator[str]:
    """What is wrong with the job as a caller sees it, beside what was computed for it."""
    answer = await client.insist("GET", f"/v1/jobs/{sent.id}", 30)
    if answer.status_code != 200:
        yield f"GET answers {answer.status_code} {answer.text[:300]}"
        return
    job = answer.json()
    if stored is not None and (job["state"], job["version"]) != (stored.state, stored.count("version")):
        yield f"HTTP says {job['state']} v{job['version']}, Redis {stored.state} v{stored.count('version')}"
    if sent.state and sent.state != job["state"]:
        yield f"its client saw it {sent.state}, now it is {job['state']}"
    if job["state"] == "succeeded":
        result = await client.insist("GET", f"/v1/jobs/{sent.id}/result", 30, params={"format": "json"})
        for wrong in _of_result(result, sent.order.expected):
            yield wrong
    else:
        for wrong in _of_failure(job, sent.order.expected):
            yield wrong


def _of_result(result: httpx.Response, expected: Expected) -> Iterator[str]:
    if result.status_code != 200:
        yield f"its result answers {result.status_code} {result.text[:300]}"
    elif expected.rows is None:
        yield f"it should have failed with {expected.code}"
    elif result.json() != expected.rows:
        yield f"its result is {result.text[:300]}, and should be {str(expected.rows)[:300]}"


def _of_failure(job: Mapping[str, Any], expected: Expected) -> Iterator[str]:
    error = job["error"] or {}
    code, detail = error.get("code"), error.get("detail", "")
    if not code or code not in {expected.code, *expected.also}:
        yield f"it {job['state']} with {code}: {detail[:300]}"
    elif code == expected.code and expected.detail not in detail:
        yield f"{expected.detail!r} is not in {detail[:300]!r}"
    if code == "worker.lost" and job["attempt"] < expected.max_attempts:
        yield f"worker.lost after {job['attempt']} of {expected.max_attempts} attempts"
