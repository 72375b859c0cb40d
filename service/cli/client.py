"""A small HTTP client of our own service, for the command line: streams both ways, and turns problems into errors."""

import json
import math
import secrets
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from types import TracebackType
from typing import Any, BinaryIO, Self

import httpx

from service.formats import Format

TERMINAL = frozenset({"succeeded", "failed", "canceled"})
_CHUNK_BYTES = 256 * 1024
_WAIT_S = 20  # one long poll; below every common proxy's limit
_GRACE_S = 30.0  # how long waiting bears a service that is away, as while it restarts
_PAUSE_S = 0.25

JobDict = dict[str, Any]


class Refused(Exception):
    """The service answered with a problem."""

    def __init__(self, status: int, problem: Mapping[str, Any]) -> None:
        super().__init__(str(problem.get("detail") or problem.get("title") or f"HTTP {status}"))
        self.status, self.problem = status, problem


class Unreachable(Exception):
    """No answer, or not one of ours; the message says from where and why."""


@dataclass(frozen=True, slots=True)
class Source:
    """A frame to send: a binary stream, how it is encoded, and its size in bytes where that is known."""

    name: str
    stream: BinaryIO
    format: Format
    encoding: str | None = None
    size: int | None = None
    charset: str | None = None

    @property
    def content_type(self) -> str:
        """The media type, with the charset where one was named."""
        return self.format.media_type + (f"; charset={self.charset}" if self.charset else "")

    def chunks(self, moved: Callable[[int], None]) -> Iterator[bytes]:
        """The stream in pieces; `moved` hears of each size."""
        while piece := self.stream.read(_CHUNK_BYTES):
            moved(len(piece))
            yield piece


class Client:
    """Calls one service. A context manager; raises Refused and Unreachable."""

    def __init__(self, url: str, key: str | None = None, transport: httpx.BaseTransport | None = None) -> None:
        self.url = url.rstrip("/")
        headers = {"Authorization": f"Bearer {key}"} if key else {}
        timeout = httpx.Timeout(30.0, connect=5.0, read=_WAIT_S + 40.0)
        self._http = httpx.Client(base_url=self.url, headers=headers, timeout=timeout, transport=transport)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: type[BaseException] | BaseException | TracebackType | None) -> None:
        self._http.close()

    def submit_raw(
        self, source: Source, pipeline: str, fields: Mapping[str, str], moved: Callable[[int], None] = lambda _: None
    ) -> JobDict:
        """Submit one frame as the body and the rest as query parameters."""
        headers = {"Content-Type": source.content_type}
        if source.encoding:
            headers["Content-Encoding"] = source.encoding
        if source.size is not None:
            headers["Content-Length"] = str(source.size)
        query = {"pipeline": pipeline, **fields}
        return self._json("POST", "/v1/jobs", params=query, headers=headers, content=source.chunks(moved))

    def submit_parts(self, envelope: Mapping[str, Any], sources: list[Source], body: "Multipart") -> JobDict:
        """Submit several frames as one multipart body, the envelope first."""
        headers = {"Content-Type": body.content_type}
        return self._json("POST", "/v1/jobs", headers=headers, content=body.chunks(envelope, sources))

    def submit(self, envelope: Mapping[str, Any]) -> JobDict:
        """Submit an envelope whose inputs are already there, or inside it."""
        return self._json("POST", "/v1/jobs", json=envelope)

    def upload(self, source: Source, moved: Callable[[int], None] = lambda _: None) -> dict[str, Any]:
        """Keep a frame in the service; its `id` can be an input of any number of jobs."""
        headers = {"Content-Type": source.content_type}
        return self._json("POST", "/v1/frames", headers=headers, content=source.chunks(moved))

    def job(self, job_id: str, wait_s: int = 0) -> JobDict:
        """The job; with `wait_s`, as soon as it has ended, and else after that time."""
        return self._json("GET", f"/v1/jobs/{job_id}", headers={"Prefer": f"wait={wait_s}"} if wait_s else {})

    def report(self, job_id: str) -> dict[str, Any]:
        """The error report, empty where the service has none."""
        try:
            return self._json("GET", f"/v1/jobs/{job_id}/report")
        except Refused:
            return {}

    def transforms(self, op: str = "") -> dict[str, Any]:
        """The catalogue, or one op of it."""
        return self._json("GET", f"/v1/transforms/{op}" if op else "/v1/transforms")

    def watch(
        self, job: JobDict, changed: Callable[[JobDict], None], *, often: bool, at_most_s: float = math.inf
    ) -> JobDict:
        """Wait until the job has ended, or `at_most_s`; `often` asks each second, so that `changed` can show progress.

        A service that is away for up to half a minute, as while it restarts, is waited for.
        """
        began = answered = time.monotonic()
        while job["state"] not in TERMINAL and time.monotonic() - began < at_most_s:
            asked = time.monotonic()
            try:
                job = self.job(job["id"], wait_s=1 if often else _WAIT_S)
            except (Unreachable, Refused) as error:
                gone = isinstance(error, Refused) and error.status != httpx.codes.SERVICE_UNAVAILABLE
                if gone or asked - answered > _GRACE_S:
                    raise
            else:
                answered = time.monotonic()
                changed(job)
            if job["state"] not in TERMINAL and time.monotonic() - asked < _PAUSE_S:
                time.sleep(_PAUSE_S)  # it did not wait: do not hurry it
        return job

    @contextmanager
    def result(self, job_id: str, format: Format) -> Iterator[httpx.Response]:
        """The result as a streamed response in this format; read it with `pieces`."""
        request = self._http.build_request("GET", f"/v1/jobs/{job_id}/result", params={"format": format.name})
        with self._translated():
            response = self._http.send(request, stream=True)
        try:
            if response.is_error:
                with self._translated():
                    response.read()
                raise _refusal(response)
            yield response
        finally:
            response.close()

    def pieces(self, response: httpx.Response) -> Iterator[bytes]:
        """The body piece by piece; a body that breaks off raises Unreachable."""
        with self._translated():
            yield from response.iter_bytes(_CHUNK_BYTES)

    def _json(self, method: str, path: str, **request: Any) -> dict[str, Any]:
        with self._translated():
            response = self._http.request(method, path, **request)
        if response.is_error:
            raise _refusal(response)
        try:
            answer = response.json()
        except ValueError:
            answer = None
        if not isinstance(answer, dict):
            raise Unreachable(f"{self.url} answered, but not like framequeue (HTTP {response.status_code})")
        return answer

    @contextmanager
    def _translated(self) -> Iterator[None]:
        try:
            yield
        except httpx.TransportError as error:
            raise Unreachable(f"{self.url} does not answer ({str(error) or type(error).__name__})") from None


class Multipart:
    """A multipart/form-data body that streams: the part `job`, then a file part per source."""

    def __init__(self, moved: Callable[[int], None] = lambda _: None) -> None:
        self._boundary, self._moved = secrets.token_hex(16), moved
        self.content_type = f"multipart/form-data; boundary={self._boundary}"

    def chunks(self, envelope: Mapping[str, Any], sources: list[Source]) -> Iterator[bytes]:
        """The body piece by piece."""
        yield self._head('name="job"', "application/json") + json.dumps(envelope).encode() + b"\r\n"
        for source in sources:
            extra = f"Content-Encoding: {source.encoding}\r\n" if source.encoding else ""
            yield self._head(f'name="{source.name}"; filename="{source.name}"', source.content_type, extra)
            yield from source.chunks(self._moved)
            yield b"\r\n"
        yield f"--{self._boundary}--\r\n".encode()

    def _head(self, disposition: str, media_type: str, extra: str = "") -> bytes:
        lines = f"Content-Disposition: form-data; {disposition}\r\nContent-Type: {media_type}\r\n{extra}"
        return f"--{self._boundary}\r\n{lines}\r\n".encode()


def _refusal(response: httpx.Response) -> Refused:
    try:
        problem = response.json()
    except ValueError:
        problem = None
    if not isinstance(problem, dict):
        problem = {
            "title": f"HTTP {response.status_code}",
            "detail": f"{response.reason_phrase}: {response.text[:200]}",
        }
    return Refused(response.status_code, problem)
