"""What `framequeue transforms` says of an argument's type: in words, not in the names of classes."""

import pytest

from jobs.transforms.catalogue import Catalogue
from service.cli.catalogue import type_of


@pytest.mark.parametrize(
    ("op", "argument", "words"),
    [
        ("groupby", "head", "object of n | null"),
        ("groupby", "nth", "object of n, dropna | null"),
        ("groupby", "by", "string | array"),
        ("expect", "schema", "object"),
        ("sort_values", "ascending", "boolean | array"),
    ],
)
def test_types_are_words(op: str, argument: str, words: str) -> None:
    schema = Catalogue().describe(op)["parameters"]
    assert type_of(schema["properties"][argument], schema.get("$defs", {})) == words
