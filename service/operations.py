"""The OpenAPI side of a route, as data: summary, parameters, answers and the problems it may give."""

from collections.abc import Mapping, Sequence
from typing import Any, Final

from jobs.codecs.table import CODECS
from service.negotiation import JSON

Doc = dict[str, Any]

EXAMPLE_RECORDS: Final = [
    {"region": "N", "amount": 120.5},
    {"region": "S", "amount": 80.0},
    {"region": "N", "amount": 199.5},
]
EXAMPLE_PIPELINE: Final = [
    {"op": "query", "expr": "amount > 100"},
    {"op": "groupby", "by": ["region"], "agg": {"total": ["amount", "sum"]}},
]
EXAMPLE_CSV: Final = "region,amount\nN,120.5\nS,80.0\nN,199.5\n"

WAIT: Final[Doc] = {
    "name": "Prefer",
    "in": "header",
    "required": False,
    "description": "`wait=N`: answer when the job has ended, or after N seconds (capped; `Preference-Applied` tells).",
    "schema": {"type": "string"},
    "example": "wait=10",
}

IDEMPOTENCY_KEY: Final[Doc] = {
    "name": "Idempotency-Key",
    "in": "header",
    "required": False,
    "description": "A name for this request, of up to 255 visible characters: sent again under it, it makes nothing "
    "new, and is answered with what it made (`Idempotent-Replayed: true`). Kept for a day at least.",
    "schema": {
        "type": "string",
        "minLength": 1,
        "maxLength": 255,
        "pattern": r"^([!#-~][!-~]*|\"[!#-\[\]-~]+\")$",
    },
    "example": "order-4711",
}


def operation(
    summary: str,
    answers: Mapping[int, Doc],
    *,
    scope: str | None = None,
    parameters: Sequence[Doc] = (),
    body: Doc | None = None,
    problems: Sequence[int] = (),
    description: str = "",
) -> Doc:
    """The OpenAPI fields of one operation; `problems` are the statuses of its problems beside what is common to all."""
    common = ((401, 403, 429) if scope else ()) + (422, 500)
    statuses = sorted({*problems, *common})
    responses = {str(status): answer for status, answer in answers.items()}
    responses |= {str(status): {"$ref": f"#/components/responses/Problem{status}"} for status in statuses}
    doc: Doc = {"summary": summary, "responses": responses}
    if description:
        doc["description"] = description
    if parameters:
        doc["parameters"] = list(parameters)
    if body is not None:
        doc["requestBody"] = body
    doc["security"] = [{"key": []}] if scope else [{}]
    if scope:
        doc["x-scope"] = scope
    return doc


def json_answer(schema: str, description: str, example: str, *, headers: Sequence[str] = ()) -> Doc:
    """An answer whose body is the component `schema`, such as the component `example`."""
    content = {"schema": {"$ref": f"#/components/schemas/{schema}"}, **shown(example)}
    answer: Doc = {"description": description, "content": {JSON: content}}
    if headers:
        answer["headers"] = {name: {"schema": {"type": "string"}} for name in headers}
    return answer


def shown(*examples: str) -> Doc:
    """A media type's examples, by the names that they have among the components."""
    # by reference: what FastAPI passes on itself loses its nulls
    return {"examples": {name: {"$ref": f"#/components/examples/{name}"} for name in examples}}


def frame_answer(description: str, example: str = "") -> Doc:
    """An answer that is a frame in any of the formats; as JSON such as the component `example`, where one is named."""
    always = ("ETag", "Vary", "Content-Disposition", "Accept-Ranges")
    names = (*always, "Repr-Digest", "Link", "Framequeue-Warning")
    return {
        "description": description,
        "content": frame_content() | ({JSON: shown(example)} if example else {}),
        "headers": {name: {"schema": {"type": "string"}, "required": name in always} for name in names},
    }


def frame_part() -> Doc:
    """An answer that is a range of a frame's bytes."""
    part = frame_answer("The bytes that `Range` asks for.")
    return {**part, "headers": {**part["headers"], "Content-Range": {"schema": {"type": "string"}, "required": True}}}


def frame_content() -> Doc:
    """Every media type that a frame may be answered in."""
    return {media_type: {} for codec in CODECS for media_type in codec.media_types}


def readable_content() -> Doc:
    """Every media type that a frame may be sent in."""
    return {media_type: {} for codec in CODECS if codec.reads for media_type in codec.media_types}


def path_parameter(name: str, description: str, example: str, pattern: str = "") -> Doc:
    """A parameter of the path."""
    schema = {"type": "string", **({"pattern": pattern} if pattern else {})}
    named = {"name": name, "in": "path", "required": True, "description": description}
    return {**named, "schema": schema, "example": example}


def query_parameter(name: str, description: str, schema: Doc, example: Any, *, media_type: str = "") -> Doc:
    """A parameter of the query; with a media type, its text is that of such a document."""
    kind: Doc = {"schema": schema, "example": example}
    if media_type:
        kind = {"content": {media_type: kind}}
    return {"name": name, "in": "query", "required": False, "description": description, **kind}


FRAME_QUERY: Final = (
    query_parameter(
        "format",
        "The format by name; wins over `Accept`.",
        {"type": "string", "enum": [codec.name for codec in CODECS]},
        "csv",
    ),
    query_parameter(
        "orient", "The form of JSON.", {"type": "string", "enum": ["records", "columns", "split"]}, "split"
    ),
    query_parameter(
        "columns",
        "Only these columns, by commas or repeated; a name with a comma stands in double quotes, as in CSV.",
        {"type": "string"},
        "region",
    ),
    query_parameter("offset", "Rows to leave out at the beginning.", {"type": "integer", "minimum": 0}, 100),
    query_parameter("limit", "The most rows to give.", {"type": "integer", "minimum": 0}, 100),
)
RANGE: Final[Doc] = {
    "name": "Range",
    "in": "header",
    "required": False,
    "description": "A single range of bytes, of what would be the answer; `If-Range` may name its `ETag`.",
    "schema": {"type": "string"},
    "example": "bytes=0-1023",
}
FRAME_QUERY_NAMES: Final = ("format", "orient", "offset", "limit")
