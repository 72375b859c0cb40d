"""Jobs, rejects, frames, upstreams, reruns and removals in any order: what is referred to stays, all else goes."""

import random
from collections import Counter
from collections.abc import Callable
from itertools import count

import pytest

from config import Settings
from jobs.errors import FramequeueError
from jobs.model import STORED_MEDIA_TYPE, Frame, Input, Job, Outcome, PayloadRef, ResultInfo
from jobs.state import JobState
from jobs.store import blobs, keys, removal
from jobs.store.frames import FrameStore
from jobs.store.jobs import JobStore
from jobs.store.redis import Redis
from jobs.store.submits import NewJob
from jobs.submits import Submits
from tests.store.build import spec

QUOTA = 10**9
STEPS = 60


class Walk:
    """One tenant who does everything there is to do, by chance."""

    def __init__(self, redis: Redis, store: JobStore, settings: Settings, seed: int) -> None:
        self.redis, self.store, self.chance, self.numbers = redis, store, random.Random(seed), count()
        self.frames = FrameStore(redis, 900, QUOTA)
        self.submits = Submits(store, self.frames, settings)
        self.jobs: list[str] = []
        self.uploads: list[Frame] = []

    async def blob(self, size: int = 5) -> PayloadRef:
        async with blobs.BlobWriter(self.redis, 900) as writer:
            await writer.write(b"x" * size)
            info = await writer.finish()
        return PayloadRef(blob=info.id, media_type=STORED_MEDIA_TYPE, bytes=size, sha256=info.sha256)

    async def some(self, *, ended: bool) -> Job | None:
        known = [job for job in [await self.store.get(one) for one in self.jobs] if job and job.state.terminal is ended]
        return self.chance.choice(known) if known else None

    async def given(self) -> Input:
        kind = self.chance.choice(["inline", "blob", "frame", "job", "job"])
        if kind == "frame" and self.uploads:
            frame = self.chance.choice(self.uploads)
            return Input(payload=self.chance.choice([frame.payload, frame.decoded or frame.payload]), frame=frame.id)
        if kind == "job" and self.jobs:
            return await self.submits.upstream("t", self.chance.choice(self.jobs), {})
        return Input(payload=await self.blob() if kind == "blob" else PayloadRef(blob="", media_type="a", bytes=3))

    async def submit(self) -> None:
        inputs = {name: await self.given() for name in self.chance.sample("abc", self.chance.randint(1, 3))}
        inline = {name: b"abc" for name, one in inputs.items() if not (one.payload.blob or one.job)}
        delay_s = self.chance.choice([0, 0, 600])
        new = NewJob(f"job_{next(self.numbers)}", spec(inputs=inputs, delay_s=delay_s), inline)
        await self.accept(new)

    async def accept(self, new: NewJob) -> None:
        (job,) = (await self.submits.accept([new])).jobs
        self.jobs.append(job.id)

    async def rerun(self) -> None:
        if job := await self.some(ended=True):
            await self.accept(await self.submits.rerun(job, ""))

    async def finish(self) -> None:
        for claim in (await self.store.claim("w", 1, 60_000)).taken:
            state = self.chance.choice([JobState.SUCCEEDED] * 3 + [JobState.FAILED])
            kept = await self.blob(9) if self.chance.random() < 0.6 else None
            aside = await self.blob(7) if self.chance.random() < 0.5 else None
            result = ResultInfo(
                rows=1, columns=(), bytes=9, sha256="ab", blob=kept.blob if kept else None, set_aside=aside
            )
            outcome = Outcome(result=result if state is JobState.SUCCEEDED else None)
            data = b"x" * 9 if outcome.result and not kept else b""
            assert await self.store.finish(claim, state, outcome, result=data, result_ttl_s=100)
            if not outcome.result:
                await blobs.delete(self.redis, *result.blobs)

    async def cancel(self) -> None:
        if job := await self.some(ended=False):
            await self.store.cancel(job)

    async def remove(self, job: Job | None = None) -> None:
        if job := job or await self.some(ended=True):
            await removal.remove(self.redis, self.store.queue, job)
            self.jobs.remove(job.id)

    async def upload(self) -> None:
        frame, _ = await self.frames.add("t", await self.blob(), await self.blob())
        self.uploads.append(frame)

    async def forget(self) -> None:
        if self.uploads:
            await self.frames.delete(self.uploads.pop(self.chance.randrange(len(self.uploads))))

    async def step(self) -> str:
        acts = [self.submit] * 4 + [self.finish] * 4 + [self.rerun, self.cancel, self.remove, self.upload, self.forget]
        act = self.chance.choice(acts)
        try:
            await act()
        except FramequeueError as error:  # an input that is gone
            return f"{act.__name__}: {error.code}"
        return act.__name__

    async def check(self) -> None:
        """Every blob that a live job, a result or a frame needs is there, and nobody's count is wrong."""
        live: Counter[str] = Counter()
        needed = {ref.blob for one in self.uploads for ref in (one.payload, one.decoded) if ref}
        for job_id in self.jobs:
            job = await self.store.get(job_id)
            assert job is not None
            held = (await self.redis.hget(keys.job(job_id), "blobs") or b"").decode().split()
            if not job.state.terminal:
                live.update(held)
            elif job.outcome and job.outcome.result:
                needed.update(job.outcome.result.blobs)
        for name in live | Counter(needed):
            assert await self.redis.exists(keys.blob(name)), name
        for key in await self.redis.keys(f"{keys.BLOB_PREFIX}*"):
            name = key.decode().removeprefix(keys.BLOB_PREFIX)
            assert int(await self.redis.hget(key, "refs") or 0) == live[name]
            assert (await self.redis.pttl(key) == -1) is (live[name] > 0)

    async def check_ledger(self) -> None:
        ledger = keys.tenant_stored("t")
        sizes = {name.decode(): int(size) for name, size in (await self.redis.hgetall(f"{ledger}:bytes")).items()}
        assert sizes.pop("*", 0) == sum(sizes.values())
        assert set(sizes) == {*self.jobs, *(one.id for one in self.uploads)}
        assert {name.decode() for name in await self.redis.zrange(ledger, 0, -1)} == set(sizes)

    async def tidy(self) -> None:
        """End all there is, and remove it."""
        while job := await self.some(ended=False):
            await self.store.cancel(job)
            await self.finish()
        while job := await self.some(ended=True):
            await self.remove(job)
        while self.uploads:
            await self.forget()


@pytest.mark.parametrize("seed", range(2))
async def test_what_is_needed_stays_and_the_rest_goes(
    redis: Redis, store: JobStore, settings: Callable[..., Settings], seed: int
) -> None:
    walk = Walk(redis, store, settings(quotas={"stored_bytes": QUOTA}), seed)
    done = []
    for _ in range(STEPS):
        done.append(await walk.step())
        try:
            await walk.check()
            await walk.check_ledger()
        except AssertionError as error:
            raise AssertionError(f"after {done}") from error
    await walk.tidy()
    await walk.check_ledger()
    assert await redis.keys(f"{keys.BLOB_PREFIX}*") == []
    assert await redis.keys(f"{keys.JOB_PREFIX}*") == []
    assert await redis.zcard(store.queue) == 0
