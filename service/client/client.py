"""The client for threads and scripts."""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from datetime import datetime
from types import TracebackType
from typing import TYPE_CHECKING, Any, Self, Unpack

import httpx

from config.sections import ClientSettings
from service.client import resources, running
from service.client.answers import read
from service.client.drivers import SyncDriver
from service.client.effects import Rules
from service.client.inputs import InputSent
from service.client.job import JobBase
from service.client.opening import connection, id_of, rules_of
from service.client.running import View, job_path
from service.client.sources import Options, Spec, Steps
from service.client.values import AttemptReport, Delivery, Event, Frame, LogLine, Plan, Ready, Transform

if TYPE_CHECKING:
    import pandas as pd


class Client:
    """Calls one service; a context manager, and safe to share between threads.

    `timeout` is in seconds: a try is given up when nothing is heard for so long, and no further try begins so long
    after the first. `retries` counts the tries after the first: lost connections, 408, 429, 502, 503 and 504 are tried
    again, with pauses that grow, and `Retry-After` is kept. What creates something carries an idempotency key, so that
    a reply that was lost never makes two jobs. Every call raises ProblemError (see `service.client.errors`) where the
    service refuses it, ConnectionFailed where nobody answers, AnswerUnreadable where something else answers.
    """

    def __init__(
        self,
        base_url: str = "http://127.0.0.1:8000",
        key: str | None = None,
        *,
        timeout: float = 30.0,
        retries: int = 3,
        transport: httpx.BaseTransport | None = None,
    ) -> None:
        self.url = base_url.rstrip("/")
        self._rules = rules_of(self.url, timeout, retries, self._job)
        http = httpx.Client(transport=transport, **connection(self._rules, key))
        self._driver = SyncDriver(http, self._rules)

    @classmethod
    def from_settings(cls, settings: ClientSettings, **options: Any) -> Self:
        """A client of the service that the section `client` of the settings names."""
        return cls(settings.url, settings.key.get_secret_value() if settings.key else None, **options)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: type[BaseException] | BaseException | TracebackType | None) -> None:
        self.close()

    def close(self) -> None:
        """Close the connections."""
        self._driver.http.close()

    def run(
        self, inputs: Any, pipeline: Steps = (), *, timeout: float | None = None, **options: Unpack[Options]
    ) -> "pd.DataFrame":
        """Submit, wait, and give the result: one request where the job ends within 25 seconds.

        `inputs` and `options` are those of `submit`. A job that fails raises the ProblemError of its code, status 424.
        With `timeout`, in seconds, raises WaitTimeout where the job has not ended by then; it goes on.
        """
        frame: pd.DataFrame = self._driver.run(running.ran(inputs, pipeline, options, self._rules, timeout))
        return frame

    def submit(self, inputs: Any, pipeline: Steps = (), **options: Unpack[Options]) -> "Job":
        """Submit a job, and do not wait for it.

        `inputs` is one source, then named `df`, or a dict of them by name: a DataFrame, a Frame, a Job (its result,
        once it is there), a list of records, a Path or a File. DataFrames travel as Arrow streams, without their index:
        any but a RangeIndex raises FrameRefused. An empty `pipeline` converts. `options`: see `Options`.
        """
        return self._job(self._driver.run(running.submitted(inputs, pipeline, options, self._rules)))

    def submit_batch(self, specs: Iterable[Spec], *, idempotency_key: str | None = None) -> "list[Job]":
        """Submit up to 100 jobs, all or none; tables are uploaded before, each once."""
        return [self._job(one) for one in self._driver.run(resources.batch(specs, self._rules, idempotency_key))]

    def validate(self, inputs: Any, pipeline: Steps = (), **options: Unpack[Options]) -> Plan:
        """Say whether a submission would be taken, and what it would do; nothing is stored."""
        return read(Plan, self._driver.run(running.validated(inputs, pipeline, options, self._rules)))

    def job(self, job_id: str) -> "Job":
        """The job of this id; raises NotFound."""
        return self._job(self._driver.run(resources.fetched(job_path(job_id), self._rules)))

    def jobs(
        self,
        *,
        state: str | None = None,
        labels: Mapping[str, str] | None = None,
        group: str | None = None,
        created_after: datetime | str | None = None,
        page: int | None = None,
    ) -> "Iterator[Job]":
        """Every job that fits, newest first; fetched page by page (`page` jobs each, at most 200) as it is iterated."""
        params = resources.list_params(state, labels, group, created_after, page)
        return (self._job(one) for one in self._driver.iterate(resources.listed(params, self._rules)))

    def upload(self, source: Any) -> Frame:
        """Keep a DataFrame, a Path or a File; the Frame can be an input of any number of jobs."""
        return self._driver.run(resources.uploaded(source, self._rules))

    def frame(self, frame_id: str) -> Frame:
        """What is known of a kept frame; raises NotFound."""
        return read(Frame, self._driver.run(resources.fetched(resources.frame_path(frame_id), self._rules)))

    def frame_content(
        self, frame: Frame | str, *, columns: Sequence[str] | None = None, offset: int = 0, limit: int | None = None
    ) -> "pd.DataFrame":
        """The rows of a kept frame."""
        path = f"{resources.frame_path(id_of(frame))}/content"
        found: pd.DataFrame = self._driver.run(running.table(path, View(columns, offset, limit), self._rules))
        return found

    def delete_frame(self, frame: Frame | str) -> None:
        """Forget a kept frame; jobs that were accepted with it are unharmed."""
        self._driver.run(resources.deleted(resources.frame_path(id_of(frame)), self._rules))

    def transforms(self) -> list[Transform]:
        """The ops there are."""
        found = self._driver.run(resources.fetched("/v1/transforms", self._rules))
        return [read(Transform, one) for one in found["transforms"]]

    def transform(self, op: str) -> Transform:
        """One op; raises NotFound."""
        return read(Transform, self._driver.run(resources.fetched(resources.transform_path(op), self._rules)))

    def ready(self) -> Ready:
        """Whether the service can take jobs."""
        return read(Ready, self._driver.run(resources.readiness(self._rules)))

    def _job(self, answer: Mapping[str, Any]) -> "Job":
        return Job(answer, self._driver, self._rules)


class Job(JobBase):
    """A job at the service. Its attributes are the last known facts; `wait` and `refresh` make them newer."""

    def __init__(self, answer: Mapping[str, Any], driver: SyncDriver, rules: Rules) -> None:
        super().__init__(answer)
        self._driver, self._rules, self._path = driver, rules, job_path(self.id)

    def refresh(self) -> Self:
        """Ask for the newest facts."""
        self._hear(self._driver.run(resources.fetched(self._path, self._rules)))
        return self

    def wait(self, timeout: float | None = None, *, on_change: Callable[[Self], None] | None = None) -> Self:
        """Wait until the job has ended; raises WaitTimeout after `timeout` seconds. `on_change` sees each progress."""

        def heard(answer: Mapping[str, Any]) -> None:
            self._hear(answer)
            if on_change is not None:
                on_change(self)

        listener = heard if on_change is not None else None
        self._hear(self._driver.run(running.waited(self.json, self._rules, timeout, listener)))
        return self

    def result(
        self,
        columns: Sequence[str] | None = None,
        offset: int = 0,
        limit: int | None = None,
        *,
        timeout: float | None = None,
    ) -> "pd.DataFrame":
        """The result, or some of its columns and rows, once the job has ended; raises the job's ProblemError."""
        return self._frame("result", View(columns, offset, limit), timeout)

    def rejects(self, *, timeout: float | None = None) -> "pd.DataFrame":
        """The rows that were set aside, once the job has ended."""
        return self._frame("rejects", View(), timeout)

    def content(self, format: str, *, what: str = "result") -> Iterator[bytes]:
        """The bytes of the result (or `rejects`) in a format such as `csv` or `parquet`, piece by piece."""
        return self._driver.iterate(resources.pieces(f"{self._path}/{what}", View(), format, self._rules))

    def input(self, name: str) -> tuple[InputSent, Iterator[bytes]]:
        """How an input of the job is to be read, and its bytes as they were sent, piece by piece."""
        pieces = self._driver.iterate(resources.sent_input(self._path, name, self._rules))
        return next(pieces), pieces

    def report(self) -> list[AttemptReport]:
        """Every attempt that failed, oldest first."""
        found = self._driver.run(resources.fetched(f"{self._path}/report", self._rules))
        return [read(AttemptReport, one) for one in found["attempts"]]

    def logs(self) -> list[LogLine]:
        """What its transforms logged, printed and warned."""
        return [read(LogLine, one) for one in self._driver.run(resources.lines(f"{self._path}/logs", self._rules))]

    def events(self, after: str | None = None) -> Iterator[Event]:
        """What happens to it, from its beginning or behind event `after`, until it ends; survives broken streams."""
        return self._driver.iterate(resources.events(self.id, after, self._rules))

    def deliveries(self) -> list[Delivery]:
        """Each try to tell its webhook."""
        found = self._driver.run(resources.fetched(f"{self._path}/deliveries", self._rules))
        return [read(Delivery, one) for one in found["deliveries"]]

    def cancel(self) -> Self:
        """Ask for its end; `wait` says when that has come. Repeatable, and nothing to a job that has ended."""
        self._hear(self._driver.run(resources.posted(f"{self._path}/cancel", self._rules)))
        return self

    def rerun(self) -> "Job":
        """Submit the same again as a new job; raises JobLive, or InputError where an input is gone."""
        answer = self._driver.run(resources.posted(f"{self._path}/rerun", self._rules))
        return Job(answer, self._driver, self._rules)

    def delete(self) -> None:
        """Purge it and its data; raises JobLive while it has not ended."""
        self._driver.run(resources.deleted(self._path, self._rules))

    def _frame(self, what: str, view: View, timeout: float | None) -> "pd.DataFrame":
        if not self.ended:
            self.wait(timeout)
        found: pd.DataFrame = self._driver.run(running.table(f"{self._path}/{what}", view, self._rules))
        return found
