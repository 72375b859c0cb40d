"""The shapes of the contract's JSON, in and out, and the OpenAPI document's components, from one source."""

from typing import Any, Final

import msgspec

from jobs.model import Place
from service.problems import ProblemBody
from service.schemas.catalogue import CatalogueBody, TransformBody
from service.schemas.frame import FrameBody
from service.schemas.job import BatchBody, InputInfoBody, JobBody, Links, Preview, ResultBody
from service.schemas.raw import UNSENT
from service.schemas.ready import ReadyBody
from service.schemas.report import ReportAttempt, ReportBody
from service.schemas.submission import Batch, Envelope, InputBody
from service.schemas.webhook import DeliveriesBody, DeliveryBody, WebhookBody

__all__ = [
    "UNSENT",
    "Batch",
    "BatchBody",
    "CatalogueBody",
    "DeliveriesBody",
    "DeliveryBody",
    "Envelope",
    "FrameBody",
    "InputBody",
    "InputInfoBody",
    "JobBody",
    "Links",
    "Preview",
    "ReadyBody",
    "ReportAttempt",
    "ReportBody",
    "ResultBody",
    "TransformBody",
    "WebhookBody",
    "components",
]

PUBLIC: Final = (
    Envelope,
    Batch,
    JobBody,
    BatchBody,
    FrameBody,
    ReportBody,
    CatalogueBody,
    TransformBody,
    ReadyBody,
    DeliveriesBody,
    ProblemBody,
    Place,
)


def components() -> dict[str, Any]:
    """The schemas of the OpenAPI document by name."""
    _, schemas = msgspec.json.schema_components(PUBLIC, ref_template="#/components/schemas/{name}")
    return schemas
