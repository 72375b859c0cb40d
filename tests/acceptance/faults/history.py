"""What Redis holds of every job, read key by key: records, events and reports, without the product's own readers."""

import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from itertools import islice
from typing import Any

import msgspec
import redis

JOB = "framequeue:job:"
_TOGETHER = 200


@dataclass(frozen=True, slots=True)
class Event:
    """An entry of a job's stream; `at_ms` is Redis' clock, from its id."""

    at_ms: int
    kind: str
    state: str
    version: int
    attempt: int

    def __str__(self) -> str:
        at = datetime.fromtimestamp(self.at_ms / 1000, UTC).strftime("%H:%M:%S.%f")[:-3]
        return f"{at} v{self.version} {self.kind} ({self.state}), attempt {self.attempt}"


@dataclass(frozen=True, slots=True)
class Stored:
    """A job as it stands in Redis; `number` is the label its client gave it, None for a job of the product's own."""

    id: str
    fields: Mapping[str, bytes]
    events: tuple[Event, ...]
    reports: tuple[Mapping[str, Any], ...]
    ttl_ms: Mapping[str, int]
    """By the end of the key's name: "" for the record, "events", "reports", "inputs", "result"."""

    @property
    def spec(self) -> Mapping[str, Any]:
        spec: Mapping[str, Any] = json.loads(self.fields["spec"])
        return spec

    @property
    def number(self) -> int | None:
        label = self.spec.get("labels", {}).get("n")
        return None if label is None else int(label)

    @property
    def state(self) -> str:
        return self.text("state")

    @property
    def outcome(self) -> Mapping[str, Any]:
        outcome: Mapping[str, Any] = msgspec.msgpack.decode(self.fields["outcome"]) if "outcome" in self.fields else {}
        return outcome

    def text(self, name: str) -> str:
        return self.fields.get(name, b"").decode(errors="replace")

    def count(self, name: str) -> int:
        return int(self.fields.get(name) or 0)

    def story(self) -> list[str]:
        """Everything there is to say, for people."""
        facts = {name: value.decode(errors="replace")[:200] for name, value in self.fields.items() if name != "outcome"}
        outcome = {name: value for name, value in self.outcome.items() if name in {"error", "inputs"}}
        reports = [
            f"report of attempt {report.get('attempt')}: {report.get('outcome')}, {report.get('exception')}, "
            f"worker {report.get('worker')}"
            for report in self.reports
        ]
        return [f"{self.id}", f"record: {facts}", f"outcome: {outcome}", *map(str, self.events), *reports]


def _batches(ids: Iterable[str]) -> Iterator[list[str]]:
    left = iter(ids)
    while batch := list(islice(left, _TOGETHER)):
        yield batch


def job_ids(client: redis.Redis) -> list[str]:
    """The ids of all job records."""
    names = (key.decode().removeprefix(JOB) for key in client.scan_iter(match=f"{JOB}*", count=2000))
    return [name for name in names if ":" not in name]


def read(client: redis.Redis, ids: Iterable[str]) -> Iterator[Stored]:
    """The jobs of these ids."""
    parts = ("events", "reports", "inputs", "result")
    for batch in _batches(ids):
        pipe = client.pipeline(transaction=False)
        for job_id in batch:
            key = JOB + job_id
            pipe.hgetall(key)
            pipe.xrange(f"{key}:events")
            pipe.lrange(f"{key}:reports", 0, -1)
            for name in (key, *(f"{key}:{part}" for part in parts)):
                pipe.pttl(name)
        answers = iter(pipe.execute())
        for job_id in batch:
            fields, events, reports, *ttls = islice(answers, 4 + len(parts))
            yield Stored(
                id=job_id,
                fields={name.decode(): value for name, value in fields.items()},
                events=tuple(_event(entry, facts) for entry, facts in events),
                reports=tuple(json.loads(report) for report in reports),
                ttl_ms=dict(zip(("", *parts), ttls, strict=True)),
            )


def _event(entry: bytes, facts: Mapping[bytes, bytes]) -> Event:
    return Event(
        at_ms=int(entry.split(b"-")[0]),
        kind=facts[b"type"].decode(),
        state=facts[b"state"].decode(),
        version=int(facts[b"version"]),
        attempt=int(facts[b"attempt"]),
    )
