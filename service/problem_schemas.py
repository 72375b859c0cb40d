"""The problems of the OpenAPI document: a schema for each code, an answer for each status."""

from http import HTTPStatus
from typing import Any, Final

from service.problems import JOB_FAILED, MEDIA_TYPE, STATUS, error_classes

_RETRIED: Final = (409, 429, 503)
_ANY: Final = {"$ref": "#/components/schemas/ProblemBody"}


def problem_schemas() -> dict[str, Any]:
    """A schema for each code: the shape of all problems, with what stays for this one."""
    known = {error.code: error for error in error_classes() if error.code in STATUS}
    return {name_of(code): _schema(known[code].title, code) for code in STATUS if code in known}


def name_of(code: str) -> str:
    """The component's name of a code."""
    return f"problem.{code}"


def problem_response(status: int) -> dict[str, Any]:
    """The answer with this status, told apart by `code`; what failed in a job has 424 whatever its code."""
    codes = sorted(code for code, mapped in STATUS.items() if mapped == status)
    answer: dict[str, Any] = {
        "description": f"{HTTPStatus(status).phrase}: {', '.join(f'`{code}`' for code in codes)}",
        "content": {MEDIA_TYPE: {"schema": _ANY if status == JOB_FAILED else _one_of(codes)}},
    }
    if status in _RETRIED:
        answer["headers"] = {"Retry-After": {"description": "Seconds.", "schema": {"type": "integer"}}}
    return answer


def _one_of(codes: list[str]) -> dict[str, Any]:
    refs = {code: f"#/components/schemas/{name_of(code)}" for code in codes}
    if len(refs) == 1:
        return {"$ref": next(iter(refs.values()))}
    return {
        "oneOf": [{"$ref": ref} for ref in refs.values()],
        "discriminator": {"propertyName": "code", "mapping": refs},
    }


def _schema(title: str, code: str) -> dict[str, Any]:
    fixed = {"code": {"const": code}, "title": {"const": title}}
    return {"title": title, "allOf": [_ANY, {"type": "object", "properties": fixed}]}
