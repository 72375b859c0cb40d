"""The OpenAPI document: it validates, and tells every problem apart by its code."""

import re

import httpx
import pytest
from openapi_spec_validator import OpenAPIV31SpecValidator

from service.problems import STATUS
from tests.http.fake import FakeQueue


async def test_the_document_validates(api: httpx.AsyncClient) -> None:
    """Contract: everything appears in the OpenAPI document."""
    document = (await api.get("/openapi.json")).json()
    assert document["openapi"].startswith("3.1")
    assert [str(error.message) for error in OpenAPIV31SpecValidator(document).iter_errors()] == []


async def test_every_code_has_a_schema_and_stands_in_the_answer_of_its_status(api: httpx.AsyncClient) -> None:
    """Contract: errors have one shape everywhere."""
    document = (await api.get("/openapi.json")).json()
    schemas, answers = document["components"]["schemas"], document["components"]["responses"]
    for code, status in STATUS.items():
        own = schemas[f"problem.{code}"]
        assert own["allOf"][0] == {"$ref": "#/components/schemas/ProblemBody"}
        assert own["allOf"][1]["properties"]["code"] == {"const": code}
        assert f"`{code}`" in answers[f"Problem{status}"]["description"]
    mapped = answers["Problem404"]["content"]["application/problem+json"]["schema"]
    assert mapped == {"$ref": "#/components/schemas/problem.not_found"}
    told = answers["Problem422"]["content"]["application/problem+json"]["schema"]
    assert told["discriminator"]["mapping"].keys() == {code for code, status in STATUS.items() if status == 422}


@pytest.mark.parametrize("path", ["/v1/jobs/job_none", "/v1/nothing"])
async def test_the_type_of_a_problem_leads_to_its_place(api: httpx.AsyncClient, queue: FakeQueue, path: str) -> None:
    """Contract: `type` ends in #code."""
    problem = (await api.get(path)).json()
    page, _, anchor = problem["type"].partition("#")
    assert anchor == problem["code"]
    answer = await api.get(page)
    assert answer.headers["content-type"] == "text/html; charset=utf-8"
    assert f'id="{anchor}"' in answer.text
    assert set(re.findall(r'<article id="([^"]+)"', answer.text)) == STATUS.keys()
