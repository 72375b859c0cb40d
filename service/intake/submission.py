"""The three bodies of a submission, one meaning: the envelope, multipart, or the frame itself."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Final

from starlette.requests import Request

from jobs.codecs.table import by_media_type
from jobs.errors import FormatUnsupported, InputEmpty, InputUnknown, SpecInvalid
from jobs.model import Input, JobSpec, PayloadRef
from service.dependencies import Services, query
from service.intake.bounds import check_names
from service.intake.draft import Draft, beside
from service.intake.envelope import VALIDATE_ONLY, from_query
from service.intake.fields import dtypes_of
from service.intake.parts import read_parts
from service.intake.repeats import Repeats
from service.intake.uploads import InputFormat, Staging, envelope_bytes, store_body, store_bytes
from service.negotiation import JSON, media_type_of
from service.pointers import escaped
from service.schemas import UNSENT, InputBody

BODY_INPUT: Final = "df"
MULTIPART: Final = "multipart/form-data"
QUERY_PIPELINE: Final = "query parameter 'pipeline'"


@dataclass(frozen=True, slots=True)
class Submission:
    """One submission being read: for whom, with which services, and where its payloads are staged."""

    services: Services
    staging: Staging
    tenant: str
    trace_id: str

    async def read(self, request: Request, repeats: Repeats) -> JobSpec:
        """The spec that the request spells, its payloads staged; raises what is wrong, as early as it can be known.

        Raises ReplayedError where the same request made a job before.
        """
        if "pipeline" in request.query_params:
            return await self._frame(request, repeats)
        query(request, (VALIDATE_ONLY,))
        media_type, parameters = media_type_of(request.headers.get("content-type", ""))
        if media_type == MULTIPART:
            return await self._multipart(request, repeats)
        if media_type != JSON:
            raise _not_read(media_type)
        check_charset(parameters)
        return await self._envelope(request, repeats)

    async def spec_of(self, body: bytes | bytearray) -> JobSpec:
        """The spec that an envelope spells, its payloads staged; raises what is wrong."""
        draft = await Draft.read(body, self.services.settings)
        await self._check_pipeline(draft, draft.envelope.inputs)
        return await self._spec(draft)

    async def _envelope(self, request: Request, repeats: Repeats) -> JobSpec:
        body = await envelope_bytes(request, self.services.settings)
        await repeats.body(body)
        await repeats.look(self.tenant)
        return await self.spec_of(body)

    async def _frame(self, request: Request, repeats: Repeats) -> JobSpec:
        settings, queue = self.services.settings, self.services.queue
        envelope = from_query(request.query_params.multi_items(), BODY_INPUT)
        form = InputFormat.of(request.headers)
        draft = await beside(len(memoryview(envelope.pipeline)), Draft.of, envelope, settings, QUERY_PIPELINE)
        await self._check_pipeline(draft, envelope.inputs)
        try:
            self.staging.staged[BODY_INPUT] = staged = await store_body(request, queue, settings, form)
        except InputEmpty as error:
            raise error.inside(f"/inputs/{BODY_INPUT}") from None
        await repeats.stored_body(staged)
        await repeats.look(self.tenant)
        return await self._spec(draft)

    async def _multipart(self, request: Request, repeats: Repeats) -> JobSpec:
        draft = await read_parts(request, self.services, self.staging, repeats)
        await repeats.look(self.tenant)
        files, inputs = self.staging.staged, draft.envelope.inputs
        for name in files.keys() & inputs.keys():
            if _sources(inputs[name]):
                detail = f"the input {name!r} is both a file part and a source of the envelope; give one"
                raise SpecInvalid(detail, f"/inputs/{escaped(name)}")
        await self._check_pipeline(draft, dict.fromkeys((*inputs, *files)))
        return await self._spec(draft)

    async def _check_pipeline(self, draft: Draft, names: Collection[str]) -> None:
        check_names(names, self.services.settings)
        pipeline = draft.pipeline
        await beside(len(pipeline), self.services.checks.check, pipeline, draft.steps, names)

    async def _spec(self, draft: Draft) -> JobSpec:
        sources = dict.fromkeys(self.staging.staged, InputBody()) | draft.envelope.inputs
        inputs = {name: await self._input(name, source) for name, source in sources.items()}
        await self.services.checks.against(
            draft.pipeline, draft.steps, inputs, self.staging.staged, self.services.queue.chunk
        )
        return draft.spec(inputs, self.services.settings, tenant=self.tenant, trace_id=self.trace_id)

    async def _input(self, name: str, source: InputBody) -> Input:
        pointer = f"/inputs/{escaped(name)}"
        dtypes = dtypes_of(source.dtypes, pointer, self.services.settings)
        staged = self.staging.staged.get(name)
        if staged is not None:
            return Input(payload=staged.ref, dtypes=dtypes)
        if len(kinds := _sources(source)) != 1:
            found = " and ".join(kinds) or "none of them"
            raise SpecInvalid(f"a source has one of records, columns, frame and job; this has {found}", pointer)
        if source.job is not None:
            return await self.services.queue.submits.upstream(self.tenant, source.job, dtypes, f"{pointer}/job")
        if source.frame is not None:
            try:
                return await self.services.queue.frame_input(self.tenant, source.frame, dtypes)
            except InputUnknown as error:
                raise error.inside(f"{pointer}/frame") from None
        return Input(payload=await self._inline(name, source, kinds[0], pointer), dtypes=dtypes)

    async def _inline(self, name: str, source: InputBody, orient: str, pointer: str) -> PayloadRef:
        # as it was sent: the worker decodes it, the API never builds its values
        data = memoryview(source.records if orient == "records" else source.columns)
        opening, expected = (b"[", "an array of objects") if orient == "records" else (b"{", "an object of arrays")
        if data[:1] != opening:
            raise SpecInvalid(f"expected {expected}", f"{pointer}/{orient}")
        staged = await store_bytes(self.services.queue, data, orient=orient)
        self.staging.staged[name] = staged
        return staged.ref


def _not_read(media_type: str) -> FormatUnsupported:
    """What helps whoever sent this type: where it is a table's, how to send the table alone."""
    try:
        by_media_type(media_type)
    except FormatUnsupported:
        return FormatUnsupported(
            f"a submission is {JSON}, {MULTIPART} or, with ?pipeline=[], the frame itself; not {media_type[:80]!r}"
        )
    return FormatUnsupported(
        f"{media_type} is a frame, and no pipeline came with it: ?pipeline=[] makes the body the frame (and "
        f"?pipeline=[{{...}}] works on it); without, a submission is {JSON} or {MULTIPART}"
    )


def _sources(source: InputBody) -> list[str]:
    """Which of the kinds of source are given."""
    given = (
        ("records", source.records is not UNSENT),
        ("columns", source.columns is not UNSENT),
        ("frame", source.frame is not None),
        ("job", source.job is not None),
    )
    return [kind for kind, there in given if there]


def check_charset(parameters: Mapping[str, str]) -> None:
    """Raise FormatUnsupported where a body of JSON says that it is not UTF-8."""
    if parameters.get("charset", "utf-8").lower() not in ("utf-8", "utf8"):
        raise FormatUnsupported("JSON is UTF-8, without another charset")
