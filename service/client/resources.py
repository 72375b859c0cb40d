"""Flows beside the main way: batches, frames, the catalogue, and what streams: lists, events, bytes."""

from collections.abc import Iterable, Mapping
from hashlib import sha256
from typing import Any
from urllib.parse import quote

import httpx

from service.client.answers import as_job, as_json, as_lines, read, refusal
from service.client.bodies import json_body
from service.client.effects import Answer, Call, Close, Emit, Flow, Next, Params, Pause, Rules, Stream, Work
from service.client.errors import AnswerUnreadable, ConnectionFailed, FrameRefused
from service.client.inputs import sent_of
from service.client.running import JobJson, View, heavy, job_path
from service.client.sources import Spec, body_of, envelope_source, gather, new_key
from service.client.tries import asked, no_answer
from service.client.values import Event, EventData, Frame

_RECONNECT_S = 0.25


def fetched(path: str, rules: Rules, params: Params = ()) -> Flow[JobJson]:
    """The JSON at this path."""
    answer = yield from asked(Call("GET", path, params), rules)
    return as_json(answer)


def lines(path: str, rules: Rules) -> Flow[list[Any]]:
    """The JSON lines at this path."""
    answer = yield from asked(Call("GET", path), rules)
    return as_lines(answer)


def posted(path: str, rules: Rules) -> Flow[JobJson]:
    """The job that a POST without a body answers with: cancel, rerun."""
    answer = yield from asked(Call("POST", path, headers={"Idempotency-Key": new_key()}), rules)
    return as_job(answer)


def deleted(path: str, rules: Rules) -> Flow[None]:
    """Nothing: it is gone."""
    yield from asked(Call("DELETE", path), rules)


def uploaded(source: Any, rules: Rules, key: str | None = None) -> Flow[Frame]:
    """The frame that a DataFrame or file became; the same one again under the same key."""
    packed = not rules.near
    body = yield Work(lambda: body_of(source, packed=packed), heavy=heavy(source))
    if body is None:
        raise FrameRefused(f"a {type(source).__name__} cannot be uploaded; a DataFrame, a Path or a File can")
    answer = yield from asked(
        Call("POST", "/v1/frames", headers={"Idempotency-Key": key or new_key()}, body=body), rules
    )
    return read(Frame, as_json(answer))


def batch(specs: Iterable[Spec], rules: Rules, key: str | None) -> Flow[list[JobJson]]:
    """The jobs of many specs, all or none; each table is uploaded once, however many of them name it.

    Under a key, uploads have keys of their own that follow from it: sent again, the specs name the same frames.
    """
    known: dict[int, Frame] = {}
    jobs = []
    for spec in list(specs):
        named = dict(spec.inputs) if isinstance(spec.inputs, Mapping) else {"df": spec.inputs}
        sources = {}
        for name, source in named.items():
            try:
                sources[name] = envelope_source(name, source)
            except FrameRefused:
                if id(source) not in known:
                    known[id(source)] = yield from uploaded(source, rules, key and _key_of(key, len(known)))
                sources[name] = {"frame": known[id(source)].id}
        jobs.append(gather(sources, spec.pipeline, spec.options, packed=False).envelope)
    headers = {"Idempotency-Key": key or new_key()}
    answer = yield from asked(Call("POST", "/v1/jobs/batch", headers=headers, body=json_body({"jobs": jobs})), rules)
    found: list[JobJson] = as_json(answer).get("jobs", [])
    return found


def _key_of(key: str, number: int) -> str:
    return sha256(f"{key} {number}".encode()).hexdigest()


def readiness(rules: Rules) -> Flow[JobJson]:
    """What `/readyz` says; that it is not ready is an answer, too."""
    try:
        answer = yield Call("GET", "/readyz")
    except httpx.TransportError as error:
        raise no_answer(rules, error) from error
    found = as_json(answer)
    if "ready" not in found:
        raise refusal(answer)
    return found


def listed(params: Params, rules: Rules) -> Flow[None]:
    """Emits each job, newest first, page after page."""
    cursor: Params = ()
    while True:
        page = yield from fetched("/v1/jobs", rules, (*params, *cursor))
        for job in page.get("jobs", []):
            yield Emit(job)
        if not page.get("next_cursor"):
            return
        cursor = (("cursor", str(page["next_cursor"])),)


def events(job_id: str, after: str | None, rules: Rules) -> Flow[None]:
    """Emits each event until the terminal one; a stream that breaks is taken up behind the last event."""
    last = after
    while True:
        headers = {"Accept": "text/event-stream"} | ({"Last-Event-ID": last} if last else {})
        stream = yield from asked(Call("GET", f"{job_path(job_id)}/events", (), headers), rules, stream=True)
        if isinstance(stream, Answer):
            return  # 204: it had ended before `after`
        if not stream.sse:
            raise AnswerUnreadable("the answer is no event stream, as framequeue's is")
        try:
            while (sent := (yield Next(stream))) is not None:
                event = _event(sent)
                last = event.id or last
                yield Emit(event)
                if event.terminal:
                    return
        except httpx.TransportError:
            pass  # as when the service restarts; asked() gives up where it stays away
        yield Close(stream)
        yield Pause(_RECONNECT_S)


def pieces(path: str, view: View, format: str, rules: Rules) -> Flow[None]:
    """Emits the bytes of a frame in this format, piece by piece; raises ConnectionFailed where they break off."""
    call = Call("GET", path, (("format", format), *view.params), {"Accept-Encoding": "identity"})
    stream = yield from asked(call, rules, stream=True)
    yield from _all_of(stream, rules)


def sent_input(path: str, name: str, rules: Rules) -> Flow[None]:
    """Emits an InputSent, then the bytes of a job's input, piece by piece; ConnectionFailed where they break off."""
    call = Call("GET", f"{path}/inputs/{quote(name, safe='')}", (), {"Accept-Encoding": "identity"})
    stream = yield from asked(call, rules, stream=True)
    first = yield from _next_of(stream, rules)
    yield Emit(sent_of(name, stream.response.headers, first or b""))
    yield Emit(first or b"")
    yield from _all_of(stream, rules)


def _all_of(stream: Stream, rules: Rules) -> Flow[None]:
    while (piece := (yield from _next_of(stream, rules))) is not None:
        yield Emit(piece)


def _next_of(stream: Stream, rules: Rules) -> Flow[bytes | None]:
    try:
        piece: bytes | None = yield Next(stream)
    except httpx.TransportError as error:
        raise ConnectionFailed(f"{rules.url} broke off in the middle ({str(error) or type(error).__name__})") from error
    return piece


def list_params(
    state: str | None, labels: Mapping[str, str] | None, group: str | None, created_after: Any, page: int | None
) -> Params:
    """The filters of a list as query parameters; a datetime as RFC 3339."""
    when = created_after.isoformat() if hasattr(created_after, "isoformat") else created_after
    said = {"state": state, "group": group, "created_after": when, "limit": page}
    said |= {f"label.{name}": value for name, value in (labels or {}).items()}
    return tuple((name, str(value)) for name, value in said.items() if value is not None)


def frame_path(frame_id: str) -> str:
    """The path of a frame."""
    return f"/v1/frames/{quote(frame_id, safe='')}"


def transform_path(op: str) -> str:
    """The path of an op."""
    return f"/v1/transforms/{quote(op, safe='')}"


def _event(sent: Any) -> Event:
    try:
        found = sent.json()
    except ValueError:
        raise AnswerUnreadable("an event is not JSON, as framequeue's are") from None
    if isinstance(found, dict) and "type" in found:
        return read(Event, {"id": sent.id, **found})
    return Event(id=sent.id, type=sent.event, data=read(EventData, found))
