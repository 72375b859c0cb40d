"""The three bodies of a submission, one meaning: the envelope, multipart, or the frame itself."""

from collections.abc import Collection
from dataclasses import dataclass
from typing import Final

from starlette.requests import Request

from jobs.errors import FormatUnsupported, InputEmpty, InputUnknown, SpecInvalid
from jobs.model import Input, JobSpec
from service.dependencies import Services, query
from service.intake.bounds import check, check_names, spec_of
from service.intake.envelope import from_json, from_query
from service.intake.parts import read_parts
from service.intake.uploads import InputFormat, Staging, envelope_bytes, store_body, store_bytes
from service.negotiation import JSON, media_type_of
from service.pointers import escaped
from service.schemas import UNSENT, Envelope, InputBody

BODY_INPUT: Final = "df"
MULTIPART: Final = "multipart/form-data"


@dataclass(frozen=True, slots=True)
class Submission:
    """One submission being read: for whom, with which services, and where its payloads are staged."""

    services: Services
    staging: Staging
    tenant: str
    trace_id: str

    async def read(self, request: Request) -> JobSpec:
        """The spec that the request spells, its payloads staged; raises what is wrong, as early as it can be known."""
        if "pipeline" in request.query_params:
            return await self._frame(request)
        query(request)
        media_type, parameters = media_type_of(request.headers.get("content-type", ""))
        if media_type == MULTIPART:
            return await self._multipart(request)
        if media_type != JSON:
            raise FormatUnsupported(
                f"a submission is {JSON}, {MULTIPART} or, with ?pipeline=[], the frame itself; not {media_type[:80]!r}"
            )
        if parameters.get("charset", "utf-8").lower() not in ("utf-8", "utf8"):
            raise FormatUnsupported("JSON is UTF-8, without another charset")
        return await self._envelope(request)

    async def _envelope(self, request: Request) -> JobSpec:
        envelope = from_json(await envelope_bytes(request, self.services.settings))
        check(envelope, self.services.settings)
        self._check_pipeline(envelope, envelope.inputs)
        return await self._spec(envelope)

    async def _frame(self, request: Request) -> JobSpec:
        envelope = from_query(request.query_params.multi_items(), BODY_INPUT)
        form = InputFormat.of(request.headers)
        check(envelope, self.services.settings)
        self._check_pipeline(envelope, envelope.inputs)
        settings, queue = self.services.settings, self.services.queue
        try:
            self.staging.staged[BODY_INPUT] = await store_body(request, queue, settings, form)
        except InputEmpty as error:
            raise error.inside(f"/inputs/{BODY_INPUT}") from None
        return await self._spec(envelope)

    async def _multipart(self, request: Request) -> JobSpec:
        envelope = await read_parts(request, self.services, self.staging)
        files = self.staging.staged
        for name in files.keys() & envelope.inputs.keys():
            if _sources(envelope.inputs[name]):
                detail = f"the input {name!r} is both a file part and a source of the envelope; give one"
                raise SpecInvalid(detail, f"/inputs/{escaped(name)}")
        self._check_pipeline(envelope, dict.fromkeys((*envelope.inputs, *files)))
        return await self._spec(envelope)

    def _check_pipeline(self, envelope: Envelope, names: Collection[str]) -> None:
        check_names(names, self.services.settings)
        self.services.checks.check(envelope.pipeline, names)

    async def _spec(self, envelope: Envelope) -> JobSpec:
        sources = dict.fromkeys(self.staging.staged, InputBody()) | envelope.inputs
        inputs = {name: await self._input(name, source) for name, source in sources.items()}
        return spec_of(envelope, inputs, self.services.settings, tenant=self.tenant, trace_id=self.trace_id)

    async def _input(self, name: str, source: InputBody) -> Input:
        staged = self.staging.staged.get(name)
        if staged is not None:
            return Input(payload=staged.ref, dtypes=source.dtypes)
        pointer = f"/inputs/{escaped(name)}"
        if len(kinds := _sources(source)) != 1:
            found = " and ".join(kinds) or "none of them"
            raise SpecInvalid(f"a source has one of records, columns and frame; this has {found}", pointer)
        if source.frame is not None:
            try:
                return await self.services.queue.frame_input(self.tenant, source.frame, source.dtypes)
            except InputUnknown as error:
                raise error.inside(f"{pointer}/frame") from None
        return await self._inline(name, source, kinds[0], pointer)

    async def _inline(self, name: str, source: InputBody, orient: str, pointer: str) -> Input:
        # as it was sent: the worker decodes it, the API never builds its values
        data = bytes(source.records if orient == "records" else source.columns)
        opening, expected = (b"[", "an array of objects") if orient == "records" else (b"{", "an object of arrays")
        if not data.startswith(opening):
            raise SpecInvalid(f"expected {expected}", f"{pointer}/{orient}")
        staged = await store_bytes(self.services.queue, data, orient=orient)
        self.staging.staged[name] = staged
        return Input(payload=staged.ref, dtypes=source.dtypes)


def _sources(source: InputBody) -> list[str]:
    """Which of the kinds of source are given."""
    given = (
        ("records", source.records is not UNSENT),
        ("columns", source.columns is not UNSENT),
        ("frame", source.frame),
    )
    return [kind for kind, there in given if there]
