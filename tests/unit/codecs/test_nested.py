"""Nested columns as JSON text: every layout, with nulls, and every slice of it."""

import json
from typing import Any

import pyarrow as pa
import pytest

from jobs.codecs.json_cells import json_text

_LISTS: list[Any] = [[1, 2], None, [], [3], None, [None, 4], [5, 6]]
COLUMNS: dict[str, tuple[Any, list[Any]]] = {
    "list": (pa.list_(pa.int64()), _LISTS),
    "large": (pa.large_list(pa.int64()), _LISTS),
    "view": (pa.list_view(pa.int64()), _LISTS),
    "fixed": (pa.list_(pa.int64(), 2), [[1, 2], None, [3, 4], None, [5, None], [7, 8], None]),
    "text": (pa.list_(pa.string()), [["a"], None, ['b"', "c"], [], None, [""], ["e"]]),
    "struct": (
        pa.struct([("a", pa.int64()), ("l", pa.list_(pa.int64()))]),
        [{"a": 1, "l": [1]}, None, {"a": None, "l": None}, {"a": 2, "l": []}, None, {"a": 3, "l": [2, 3]}],
    ),
    "deep": (
        pa.large_list(pa.struct([("a", pa.list_(pa.string()))])),
        [[{"a": ["x", None]}, None], None, [], [{"a": None}], None, [{"a": ["y"]}]],
    ),
    "map": (
        pa.map_(pa.string(), pa.list_(pa.int64())),
        [[("a", [1])], None, [], [("b", None), ('c"', [2])], None, [("x", [])]],
    ),
}


@pytest.mark.parametrize("name", COLUMNS)
def test_every_slice_has_its_text(name: str) -> None:
    type_, values = COLUMNS[name]
    array = pa.array(values, type_)
    expected = [dict(value) if name == "map" and value is not None else value for value in values]
    for start in range(len(values) + 1):
        for stop in range(start, len(values) + 1):
            texts = json_text(array.slice(start, stop - start)).to_pylist()
            assert [None if text is None else json.loads(text) for text in texts] == expected[start:stop]
