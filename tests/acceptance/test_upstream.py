"""Jobs whose inputs are the results of other jobs: freed, failed and canceled with those they wait for."""

from typing import Any

import pytest

from jobs.errors import InputGone, InputUnknown, JobLive
from jobs.model import Job, JobSpec
from jobs.queue import JobQueue
from jobs.state import JobState
from jobs.store import keys
from jobs.store.redis import Redis
from tests.acceptance.running import GROUPED, RECORDS, Running, records, submit, until

LARGE = [{"region": f"r{n}", "amount": n, "text": f"{n * 7919:020}"} for n in range(8_000)]


async def after(queue: JobQueue, *upstreams: Job, wait_s: float = 0, **fields: Any) -> Job:
    """A job whose inputs are the results of these; `df` is the first."""
    inputs = {
        f"df{number or ''}": await queue.submits.upstream("t", job.id, {}) for number, job in enumerate(upstreams)
    }
    spec = JobSpec(
        tenant="t", pipeline=[], inputs=inputs, timeout_s=20, max_attempts=3, delay_s=0, result_ttl_s=60
    ).changed(**fields)
    return await queue.submit(spec, {}, wait_s=wait_s)


async def ended(queue: JobQueue, job: Job) -> Job:
    """The job once it has ended."""
    found = await queue.wait("t", job.id, 20)
    assert found.state.terminal, found
    return found


async def kinds(redis: Redis, job: Job) -> list[str]:
    return [fields[b"type"].decode() for _, fields in await redis.xrange(keys.events(job.id))]


@pytest.mark.parametrize("rows", [RECORDS, LARGE], ids=["small", "large"])
async def test_a_chain_runs_in_its_order(queue: JobQueue, redis: Redis, ours: Any, rows: list[dict[str, Any]]) -> None:
    """Contract: a source {"job": id} is the result of another job, which may still be running."""
    first = await submit(queue, [], wait_s=0, records=rows)
    second = await after(queue, first, pipeline=[{"op": "head", "n": len(rows) - 2}])
    third = await after(queue, second, first, pipeline=[{"op": "concat", "from": "df", "frames": ["df1"]}])
    assert (second.state, third.state) == (JobState.WAITING, JobState.WAITING)
    assert second.spec.inputs["df"].payload.rows is None
    running = Running(ours)
    try:
        last = await ended(queue, third)
        assert last.state is JobState.SUCCEEDED, last.outcome
        assert len(await records(queue, last)) == 2 * len(rows) - 2
        shown = (await queue.get("t", second.id)).spec.inputs["df"].payload
        assert (shown.rows, len(shown.columns or ())) == (len(rows), len(rows[0]))
        assert [kind for kind in await kinds(redis, second) if kind != "job.progress"] == [
            "job.queued",
            "job.started",
            "job.succeeded",
        ]
        # once more, now that they have ended: nothing is waited for
        again = await after(
            queue, first, second, wait_s=20, pipeline=[{"op": "concat", "from": "df", "frames": ["df1"]}]
        )
        assert len(await records(queue, again)) == 2 * len(rows) - 2
    finally:
        await running.stop()


async def test_the_failure_of_the_first_is_that_of_all(queue: JobQueue, worker: Running) -> None:
    """Contract: upstream failed or canceled is input.upstream_failed, along the whole chain."""
    first = await submit(queue, [{"op": "query", "expr": "nope > 1"}], wait_s=0, delay_s=0.3)
    second = await after(queue, first, delay_s=600)
    third = await after(queue, second)
    for job, upstream in ((second, first), (third, second)):
        failed = await ended(queue, job)
        assert failed.state is JobState.FAILED
        error = failed.outcome.error  # type: ignore[union-attr]  # it has failed
        assert error is not None
        assert (error.code, error.errors[0].pointer) == ("input.upstream_failed", "/inputs/df/job")
        assert upstream.id in error.detail
    late = await after(queue, first, wait_s=20)
    assert late.outcome.error.code == "input.upstream_failed"  # type: ignore[union-attr]  # it has failed


async def test_a_cancel_goes_down_the_chain_and_not_up(queue: JobQueue, redis: Redis, worker: Running) -> None:
    """Contract: a waiting job can be canceled; of a canceled upstream its dependents fail."""
    first = await submit(queue, GROUPED, wait_s=0, delay_s=1)
    second, other = await after(queue, first), await after(queue, first)
    third = await after(queue, second)
    assert (await queue.cancel("t", second.id)).state is JobState.CANCELED
    failed = await ended(queue, third)
    assert "was canceled" in failed.outcome.error.detail  # type: ignore[union-attr]  # it has failed
    assert (await ended(queue, other)).state is JobState.SUCCEEDED
    assert (await ended(queue, first)).state is JobState.SUCCEEDED
    assert (await queue.get("t", second.id)).state is JobState.CANCELED
    assert not await redis.exists(keys.dependents(first.id), keys.dependents(second.id))


async def test_a_delay_goes_on_when_the_upstream_has_ended(queue: JobQueue, worker: Running) -> None:
    first = await submit(queue, GROUPED, wait_s=0, delay_s=0.2)
    second = await after(queue, first, delay_s=1.5)
    await ended(queue, first)
    assert (await queue.get("t", second.id)).state is JobState.WAITING
    done = await ended(queue, second)
    assert done.state is JobState.SUCCEEDED
    assert (done.started_ms or 0) - done.created_ms >= 1_500


async def test_an_accepted_job_outlives_the_result_it_was_made_of(
    queue: JobQueue, redis: Redis, worker: Running
) -> None:
    first = await submit(queue, [], records=LARGE, result_ttl_s=1)
    result = first.outcome.result  # type: ignore[union-attr]  # it has succeeded
    assert result is not None
    assert result.blob
    second = await after(queue, first, delay_s=2)
    await until(lambda: redis.exists(keys.job(first.id)))
    assert await redis.pttl(keys.blob(result.blob)) == -1
    assert len(await records(queue, await ended(queue, second))) == len(LARGE)


@pytest.mark.parametrize("part", [":inputs", ":events", ":result", " df", "\n"])
async def test_only_an_id_names_a_job(queue: JobQueue, part: str) -> None:
    """Contract: an input that does not exist is 422 input.unknown with its pointer."""
    first = await submit(queue, GROUPED, wait_s=0, delay_s=60)
    with pytest.raises(InputUnknown):
        await queue.submits.upstream("t", first.id + part, {})
    with pytest.raises(InputUnknown):
        await queue.submits.upstream("another tenant", first.id, {})
    await queue.cancel("t", first.id)


async def test_a_rerun_repeats_the_job_on_the_same_inputs(queue: JobQueue, worker: Running) -> None:
    """Contract: rerun answers a new job with rerun_of; it does not repeat the delay; of a live job it is refused."""
    first = await submit(queue, GROUPED, delay_s=0.1, labels={"a": "b"})
    (again,) = (await queue.accept([await queue.submits.rerun(first, "trace")], wait_s=20)).jobs
    assert (again.spec.rerun_of, again.spec.delay_s, again.spec.labels) == (first.id, 0, {"a": "b"})
    assert await records(queue, again) == await records(queue, first)
    second = await after(queue, first, wait_s=20)
    (once_more,) = (await queue.accept([await queue.submits.rerun(second, "trace")], wait_s=20)).jobs
    assert await records(queue, once_more) == await records(queue, first)
    live = await submit(queue, GROUPED, wait_s=0, delay_s=60)
    with pytest.raises(JobLive):
        await queue.submits.rerun(live, "trace")
    await queue.cancel("t", live.id)


async def test_a_rerun_of_what_never_got_its_input_waits_for_it_again(queue: JobQueue, worker: Running) -> None:
    first = await submit(queue, GROUPED, wait_s=0, delay_s=0.5)
    second = await after(queue, first)
    await queue.cancel("t", second.id)
    new = await queue.submits.rerun(await queue.get("t", second.id), "trace")
    (again,) = (await queue.accept([new], wait_s=20)).jobs
    assert again.state is JobState.SUCCEEDED
    assert len(await records(queue, again)) == 2


async def test_a_rerun_whose_inputs_are_gone_is_refused(queue: JobQueue, redis: Redis, worker: Running) -> None:
    """Contract: a rerun is 410 when its inputs are gone."""
    first = await submit(queue, GROUPED)
    await redis.delete(keys.inputs(first.id))
    with pytest.raises(InputGone):
        await queue.accept([await queue.submits.rerun(first, "trace")])
    async with queue.upload(media_type="text/csv", inline=False) as upload:
        await upload.write(b"a\n1\n2\n")
        frame = (await queue.add_frame("t", await upload.finish())).frame
    spec = first.spec.changed(inputs={"df": await queue.frame_input("t", frame.id, {})}, pipeline=[])
    on_frame = await queue.submit(spec, {}, wait_s=20)
    (again,) = (await queue.accept([await queue.submits.rerun(on_frame, "trace")], wait_s=20)).jobs
    assert again.state is JobState.SUCCEEDED
    await queue.delete_frame("t", frame.id)
    with pytest.raises(InputGone):
        await queue.accept([await queue.submits.rerun(on_frame, "trace")])
