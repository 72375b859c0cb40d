"""What the fault run submits, and what must come of each job: computed here in plain Python, not by the product."""

import csv
import io
import json
import random
from collections import defaultdict
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

Rows = list[dict[str, Any]]
PATIENT = 100
"""`max_attempts` of a job that has to survive whatever is done to its workers."""


@dataclass(frozen=True, slots=True)
class Expected:
    """What may become of a job: the rows of its result, or the code of its error (and a word of its detail)."""

    rows: Rows | None = None
    code: str = ""
    detail: str = ""
    also: tuple[str, ...] = ()
    """Codes with which it may fail as well, where its few tries are used up or it was canceled."""
    max_attempts: int = PATIENT


@dataclass(frozen=True, slots=True)
class Order:
    """A submission. `content` with `content_type` is the body; `parameters` go into the query of a raw one."""

    kind: str
    content: bytes
    content_type: str
    parameters: dict[str, str]
    expected: Expected
    frame: bytes | None = field(default=None, repr=False)
    """A CSV that is uploaded first; its frame's id is filled into `content`."""
    cancel_after_s: float | None = None


def _rows(chance: random.Random, count: int) -> Rows:
    """Quarters are exact in binary, so that a sum does not depend on its order."""
    return [
        {"n": n, "region": chance.choice("NESW"), "qty": chance.randrange(1, 100), "price": chance.randrange(400) / 4}
        for n in range(count)
    ]


def _csv(rows: Rows) -> bytes:
    text = io.StringIO()
    writer = csv.DictWriter(text, list(rows[0]), lineterminator="\n")
    writer.writeheader()
    writer.writerows(rows)
    return text.getvalue().encode()


_GROUPBY = {
    "op": "groupby",
    "by": ["region"],
    "agg": {"total": ["qty", "sum"], "most": ["price", "max"], "many": ["n", "count"]},
}


def _grouped(rows: Rows) -> Rows:
    groups: dict[str, Rows] = defaultdict(list)
    for row in rows:
        groups[row["region"]].append(row)
    return [
        {
            "region": name,
            "total": sum(row["qty"] for row in group),
            "most": max(row["price"] for row in group),
            "many": len(group),
        }
        for name, group in sorted(groups.items())
    ]


def _inline(kind: str, number: int, pipeline: list[Any], source: Any, expected: Expected, **fields: Any) -> Order:
    cancel_after_s = fields.pop("cancel_after_s", None)
    frame = fields.pop("frame", None)
    given = {"timeout_s": 60, "result_ttl_s": 7200, "max_attempts": expected.max_attempts} | fields
    body = {"pipeline": pipeline, "inputs": {"df": source}, "labels": {"n": str(number), "kind": kind}, **given}
    return Order(kind, json.dumps(body).encode(), "application/json", {}, expected, frame, cancel_after_s)


def small(number: int, chance: random.Random) -> Order:
    """A few rows, filtered and grouped: the bread and butter."""
    rows, floor = _rows(chance, chance.randrange(5, 60)), chance.randrange(50)
    kept = [row for row in rows if row["qty"] >= floor]
    pipeline = [{"op": "query", "expr": f"qty >= {floor}"}, _GROUPBY]
    return _inline("small", number, pipeline, {"records": rows}, Expected(_grouped(kept)))


def delayed(number: int, chance: random.Random) -> Order:
    """It waits a while before it is queued."""
    rows = _rows(chance, 10)
    delay_s = round(chance.uniform(0.3, 4.0), 2)
    return _inline("delayed", number, [_GROUPBY], {"records": rows}, Expected(_grouped(rows)), delay_s=delay_s)


def napping(number: int, chance: random.Random) -> Order:
    """It sleeps in C, so that most kills find one of these at work."""
    rows = _rows(chance, 10)
    pipeline = [{"op": "nap", "seconds": round(chance.uniform(0.2, 2.5), 2)}, _GROUPBY]
    return _inline("nap", number, pipeline, {"records": rows}, Expected(_grouped(rows)))


def watchful(number: int, chance: random.Random) -> Order:
    """It sleeps in slices and tells its progress."""
    rows = _rows(chance, 10)
    pipeline = [{"op": "watchful_nap", "seconds": round(chance.uniform(0.5, 2.0), 2)}, _GROUPBY]
    return _inline("watchful", number, pipeline, {"records": rows}, Expected(_grouped(rows)))


def impatient(number: int, chance: random.Random) -> Order:
    """Two tries only: it may fail as lost, but with its tries used up, and never with a wrong result."""
    rows = _rows(chance, 10)
    pipeline = [{"op": "nap", "seconds": round(chance.uniform(0.2, 1.5), 2)}, _GROUPBY]
    also = ("worker.lost", "store.unavailable", "store.full")
    expected = Expected(_grouped(rows), also=also, max_attempts=2)
    return _inline("two tries", number, pipeline, {"records": rows}, expected)


def upload(number: int, chance: random.Random) -> Order:
    """A CSV as the body, too large for the submit call: its input is a blob."""
    rows = _rows(chance, chance.randrange(5_000, 9_000))
    query = {
        "pipeline": json.dumps([_GROUPBY]),
        "timeout_s": "60",
        "max_attempts": str(PATIENT),
        "result_ttl_s": "7200",
        "label.n": str(number),
        "label.kind": "upload",
    }
    return Order("upload", _csv(rows), "text/csv", query, Expected(_grouped(rows)))


def large(number: int, chance: random.Random) -> Order:
    """A CSV as the body and a result of some 100 KiB: both are blobs."""
    rows = [{"n": n, "noise": chance.getrandbits(48), "qty": chance.randrange(100)} for n in range(9_000)]
    wanted = [{**row, "more": row["noise"] + row["qty"]} for row in rows]
    pipeline = [{"op": "assign", "columns": {"more": "noise + qty"}}]
    query = {
        "pipeline": json.dumps(pipeline),
        "timeout_s": "60",
        "max_attempts": str(PATIENT),
        "result_ttl_s": "7200",
        "label.n": str(number),
        "label.kind": "large",
    }
    return Order("large", _csv(rows), "text/csv", query, Expected(wanted))


def on_a_frame(number: int, chance: random.Random) -> Order:
    """An uploaded frame, then a job on it."""
    rows = _rows(chance, chance.randrange(3_500, 5_000))
    expected = Expected(_grouped(rows))
    return _inline("frame", number, [_GROUPBY], {"frame": "{frame}"}, expected, frame=_csv(rows))


def failing(number: int, chance: random.Random) -> Order:
    """Its own transform fails: a data error, which no retry makes better."""
    word = f"on purpose {number}"
    pipeline = [{"op": "nap", "seconds": round(chance.uniform(0, 0.3), 2)}, {"op": "boom", "message": word}]
    expected = Expected(code="transform.failed", detail=word)
    return _inline("failing", number, pipeline, {"records": _rows(chance, 3)}, expected)


def late(number: int, chance: random.Random) -> Order:
    """It takes longer than it may."""
    pipeline = [{"op": "watchful_nap", "seconds": 3}]
    expected = Expected(code="job.timeout")
    timeout_s = round(chance.uniform(0.2, 0.6), 2)
    return _inline("timeout", number, pipeline, {"records": _rows(chance, 3)}, expected, timeout_s=timeout_s)


def canceled(number: int, chance: random.Random) -> Order:
    """Somebody asks for its end while it waits or runs; it may be faster."""
    rows = _rows(chance, 10)
    pipeline = [{"op": "watchful_nap", "seconds": 2}, _GROUPBY]
    fields = {"delay_s": chance.choice([0, 0, 1.5]), "cancel_after_s": chance.uniform(0, 1.5)}
    expected = Expected(_grouped(rows), also=("job.canceled",))
    return _inline("cancel", number, pipeline, {"records": rows}, expected, **fields)


Make = Callable[[int, random.Random], Order]
MIX: dict[Make, int] = {
    small: 30,
    delayed: 8,
    napping: 22,
    watchful: 8,
    impatient: 8,
    upload: 6,
    large: 3,
    on_a_frame: 2,
    failing: 6,
    late: 4,
}


def order(number: int, seed: int, *, cancels: bool) -> Order:
    """The job of this number: the same for the same seed, whatever happened before."""
    chance = random.Random(f"{seed}:{number}")
    mix = {**MIX, canceled: 5} if cancels else MIX
    (make,) = chance.choices(list(mix), list(mix.values()))
    return make(number, chance)
