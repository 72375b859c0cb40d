"""What must hold of every key in Redis once all jobs have ended: a TTL or a living owner, and blobs that add up."""

import re
import time
from collections.abc import Iterable, Iterator, Mapping

import redis

from jobs.store.keys import KEYS, TENANT_PREFIX, KeySpec
from tests.acceptance.faults.checker import Violation
from tests.acceptance.faults.harness import QUEUE
from tests.acceptance.faults.history import JOB, Stored

_BLOB, _FRAME = "framequeue:blob:", "framequeue:frame:"
_TOGETHER = 500


def _pattern(spec: KeySpec) -> re.Pattern[str]:
    parts = re.split(r"(<\w+>)", spec.pattern)
    # ids of ARQ's cron jobs hold colons, ours do not
    anything = ".+" if spec.pattern.startswith("arq:") else "[^:]+"
    return re.compile("".join(_part(part, anything) for part in parts))


def _part(part: str, anything: str) -> str:
    if part == "<queue>":
        return re.escape(QUEUE)
    return anything if part.startswith("<") else re.escape(part)


def settled(client: redis.Redis, within_s: float) -> bool:
    """Wait until the queue is empty and no lease is held: also the jobs that no client knows have ended then."""
    ends = time.monotonic() + within_s
    while time.monotonic() < ends:
        if not client.zcard(QUEUE) and not any(True for _ in client.scan_iter(match="arq:in-progress:*", count=5000)):
            return True
        time.sleep(0.1)
    return False


def check(client: redis.Redis, jobs: Mapping[str, Stored]) -> tuple[list[Violation], dict[str, int]]:
    """What is wrong with the keys, and how many there are of what."""
    patterns = [(_pattern(spec), spec) for spec in KEYS]
    wrongs: list[Violation] = []
    counts = {"keys": 0, "blobs": 0, "blobs left to their TTL": 0}
    for key, ttl_ms, kind in _keys(client):
        counts["keys"] += 1
        spec = next((spec for pattern, spec in patterns if pattern.fullmatch(key)), None)
        if spec is None:
            wrongs.append(Violation(f"{key}: no kind of key that KEYS knows, TTL {ttl_ms} ms"))
        elif ttl_ms == -1 and not (spec.owner or "").startswith(("the queue", "the tenant", "the deliveries")):
            wrongs.append(Violation(f"{key}: no TTL, and no job is alive"))
        elif spec.type.replace("sorted set", "zset") != kind:
            wrongs.append(Violation(f"{key}: a {kind}, not a {spec.type}"))
        if key.startswith("arq:") and "job_" in key:
            wrongs.append(Violation(f"{key}: left of an ended job, TTL {ttl_ms} ms"))
        if key.startswith(JOB) and key.split(":")[2] not in jobs:
            wrongs.append(Violation(f"{key}: a part of a job that has no record"))
    wrongs += [Violation(what) for what in (*_queue(client), *_tenants(client), *_blobs(client, jobs, counts))]
    return wrongs, counts


def _keys(client: redis.Redis) -> Iterator[tuple[str, int, str]]:
    names = list(client.scan_iter(count=5000))
    for start in range(0, len(names), _TOGETHER):
        batch = names[start : start + _TOGETHER]
        pipe = client.pipeline(transaction=False)
        for name in batch:
            pipe.pttl(name)
            pipe.type(name)
        answers = pipe.execute()
        for name, ttl_ms, kind in zip(batch, answers[::2], answers[1::2], strict=True):
            if ttl_ms != -2:  # it has just gone
                yield name.decode(), ttl_ms, kind.decode()


def _queue(client: redis.Redis) -> Iterator[str]:
    entries = [entry.decode() for entry in client.zrange(QUEUE, 0, -1)]
    if entries:
        yield f"{len(entries)} entries are left in the queue: {entries[:5]}"
    if client.llen(f"{QUEUE}:wake") > 1:
        yield f"the wake list holds {client.llen(f'{QUEUE}:wake')} tokens"


def _tenants(client: redis.Redis) -> Iterator[str]:
    for index in client.scan_iter(match=f"{TENANT_PREFIX}*", count=5000):
        entries = [entry.decode() for entry in client.zrange(index, 0, -1)]
        if index.endswith(b":live"):
            yield f"{index.decode()}: {len(entries)} jobs are held to be alive: {entries[:5]}"
        for start in range(0, len(entries), _TOGETHER):
            batch = entries[start : start + _TOGETHER]
            pipe = client.pipeline(transaction=False)
            for entry in batch:
                pipe.exists(JOB + entry)
            yield from (
                f"{index.decode()}: {entry} has no record"
                for entry, there in zip(batch, pipe.execute(), strict=True)
                if not there
            )


def _referred(client: redis.Redis, jobs: Iterable[Stored]) -> Iterator[str]:
    for job in jobs:
        yield from job.text("blobs").split()
        yield ((job.outcome.get("result") or {}).get("blob")) or ""
    for key in client.scan_iter(match=f"{_FRAME}*", count=5000):
        yield from re.findall(r"blb_[\w-]+", (client.hget(key, "record") or b"").decode())


def _blobs(client: redis.Redis, jobs: Mapping[str, Stored], counts: dict[str, int]) -> Iterator[str]:
    referred = set(_referred(client, jobs.values()))
    for key in client.scan_iter(match=f"{_BLOB}*", count=5000):
        name = key.decode().removeprefix(_BLOB)
        refs, first = client.hget(key, "refs"), client.hexists(key, "0")
        counts["blobs"] += 1
        counts["blobs left to their TTL"] += name not in referred
        if int(refs or 0) != 0:
            yield f"blob {name}: {int(refs or 0)} references, and no job is alive"
        if not first:
            yield f"blob {name}: without its first chunk"
