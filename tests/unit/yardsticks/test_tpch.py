"""The 22 questions of TPC-H: each example pipeline gives DuckDB's rows, in its order, over the generator's files."""

from pathlib import Path

import pyarrow as pa
import pytest

from tests.unit.yardsticks import running, tables

FOLDER = running.EXAMPLES / "tpch"
SQL = running.queries(Path(__file__).with_name("tpch.sql"))
# what is neither averaged nor multiplied stays decimal to the end
DECIMALS = {
    "q01": ["sum_qty", "sum_base_price"],
    "q02": ["s_acctbal"],
    "q10": ["c_acctbal"],
    "q18": ["o_totalprice", "sum_qty"],
    "q22": ["totacctbal"],
}
# from `agg` on, dtypes follow from the data
LOOSE = ("q06", "q14", "q17", "q19")


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tables.tpch(tmp_path_factory.mktemp("tpch"), 0.02)


def test_every_question_is_an_example() -> None:
    assert list(SQL) == [f"q{number:02}" for number in range(1, 23)]
    assert sorted(file.stem for file in FOLDER.glob("*.json")) == list(SQL)


@pytest.mark.parametrize("question", SQL)
def test_a_pipeline_answers_as_duckdb(question: str, folder: Path) -> None:
    found = running.answer(running.steps_of(FOLDER / f"{question}.json"), running.files_of(folder))
    assert running.differences(found.table, running.asked(folder, SQL[question])) == []
    assert found.problems == []
    known, columns = found.planned_columns() or [], found.columns()
    assert [name for name, _ in known] == [name for name, _ in columns]
    assert known == columns or question in LOOSE
    decimals = [field.name for field in found.table.schema if pa.types.is_decimal(field.type)]
    assert decimals == DECIMALS.get(question, [])
