"""Arrow's extension types become what a pipeline knows, and say so."""

import uuid

import pandas as pd
import pyarrow as pa
import pytest

from jobs.codecs.frames import from_pandas
from tests.unit.codecs.test_roundtrip import read, rendered

ONE = uuid.UUID("625b9e61-5ba5-415c-818f-a4136a7e4c41")


def test_uuids_of_a_frame_become_text() -> None:
    table, warnings = from_pandas(pd.DataFrame({"u": [ONE, None]}))
    assert table.column("u").to_pylist() == [str(ONE), None]
    assert [(warn.code, warn.column) for warn in warnings] == [("uuid_to_text", "u")]


@pytest.mark.parametrize("name", ["arrow", "parquet"])
def test_uuids_of_a_file_become_text(name: str) -> None:
    column = pa.array([ONE.bytes, None], pa.binary(16)).cast(pa.uuid())
    table, warnings = read(rendered(pa.table({"u": column, "n": [1, 2]}), name), name)
    assert table.to_pylist() == [{"u": str(ONE), "n": 1}, {"u": None, "n": 2}]
    assert "uuid_to_text" in {warn.code for warn in warnings}


def test_other_extensions_become_what_they_are_stored_as() -> None:
    column = pa.ExtensionArray.from_storage(pa.bool8(), pa.array([1, 0, None], pa.int8()))
    table, warnings = read(rendered(pa.table({"b": column}), "arrow"), "arrow")
    assert table.column("b").to_pylist() == [1, 0, None]
    assert "extension_to_storage" in {warn.code for warn in warnings}
