"""The checker: nothing stands in Redis without a time to live or an owner that is alive."""

import re
from collections.abc import Iterator

import redis

from jobs.state import JobState
from jobs.store import keys
from jobs.store.keys import KeySpec

_TERMINAL = frozenset(state.value.encode() for state in JobState if state.terminal)


def leaks(client: "redis.Redis", queue: str) -> list[str]:
    """What is wrong with each key that leaks; plain ARQ calls and every key of `keys.KEYS` are known."""
    return [found for key in sorted(client.scan_iter(count=1000)) for found in _check(client, queue, key)]


def _check(client: "redis.Redis", queue: str, key: bytes) -> Iterator[str]:
    kind, ttl_ms = client.type(key).decode().replace("zset", "sorted set"), client.pttl(key)
    if ttl_ms == -2:  # it has just gone
        return
    spec = next((spec for spec in keys.KEYS if _pattern(spec, queue).fullmatch(key.decode())), None)
    if spec is None:
        yield f"{key!r} is no key of ours"
    elif spec.type != kind:
        yield f"{key!r} is a {kind}, not a {spec.type}"
    elif ttl_ms == -1:
        if spec.owner is None:
            yield f"{key!r} has no TTL"
        elif not _owned(client, queue, key.decode(), spec):
            yield f"{key!r} has no TTL, and no owner that is alive: {spec.owner}"


def _pattern(spec: KeySpec, queue: str) -> "re.Pattern[str]":
    text = re.escape(spec.pattern).replace("<queue>", re.escape(queue))
    text = text.replace("<worker>", ".+").replace("<fingerprint>", ".+")
    text = re.sub("<(tenant|group|key)>", "[^:]+", text)
    # ids of cron jobs hold colons; ours do not
    return re.compile(text.replace("<id>", ".+" if text.startswith("arq") else "[^:]+"))


def _owned(client: "redis.Redis", queue: str, key: str, spec: KeySpec) -> bool:
    if key == queue:
        return all(
            client.exists(keys.job(entry.decode()), keys.arq_job(entry.decode())) or client.zscore(queue, entry) is None
            for entry, _ in client.zscan_iter(queue, count=1000)
        )
    if key == keys.wake(queue):
        return client.llen(key) <= 1
    if key == keys.DELIVERIES:
        return all(
            client.hget(keys.job(entry.decode().partition(":")[0]), "state") in _TERMINAL
            or client.zscore(key, entry) is None
            for entry, _ in client.zscan_iter(key, count=1000)
        )
    if key.startswith(keys.BLOB_PREFIX):
        return any(
            key.removeprefix(keys.BLOB_PREFIX) in (client.hget(record, "blobs") or b"").decode().split()
            for record in client.scan_iter(f"{keys.JOB_PREFIX}*", count=1000, _type="hash")
            if _alive(client, queue, record.decode().removeprefix(keys.JOB_PREFIX))
        )
    if key.startswith(keys.TENANT_PREFIX):
        ids = [entry.decode() for entry, _ in client.zscan_iter(key, count=1000)]
        alive = key.endswith(":live")
        return all(_alive(client, queue, one) if alive else client.exists(keys.job(one)) for one in ids)
    prefix = keys.JOB_PREFIX if key.startswith(keys.JOB_PREFIX) else keys.ARQ_JOB_PREFIX
    return _alive(client, queue, key.removeprefix(prefix).partition(":")[0]) or client.pttl(key) != -1


def _alive(client: "redis.Redis", queue: str, job_id: str) -> bool:
    """A live job has a state that is not the end, and its place in the queue."""
    record = keys.job(job_id)
    if ":" in job_id or client.hget(record, "state") in _TERMINAL | {None}:
        return False
    return client.zscore(queue, job_id) is not None
