"""The 15 questions of the db-benchmark: each example pipeline gives DuckDB's rows; their order is not asked for."""

from pathlib import Path

import pyarrow as pa
import pytest

from tests.unit.yardsticks import running, tables

FOLDER = running.EXAMPLES / "db-benchmark"
SQL = running.queries(Path(__file__).with_name("db_benchmark.sql"))
GROUPBY = [name for name in SQL if name.startswith("groupby")]
JOIN = [name for name in SQL if name.startswith("join")]
ROWS = 10_000


@pytest.fixture(scope="module", params=[False, True], ids=["full", "nulls"])
def grouped(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tables.groupby(tmp_path_factory.mktemp("groupby"), ROWS, nulls=request.param)


@pytest.fixture(scope="module")
def joined(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tables.join(tmp_path_factory.mktemp("join"), ROWS)


def test_every_question_is_an_example() -> None:
    assert sorted(file.stem for file in FOLDER.glob("*.json")) == sorted(SQL)
    assert (len(GROUPBY), len(JOIN)) == (10, 5)


@pytest.mark.parametrize("question", GROUPBY)
def test_a_groupby_answers_as_duckdb(question: str, grouped: Path) -> None:
    check(question, grouped)


@pytest.mark.parametrize("question", JOIN)
def test_a_join_answers_as_duckdb(question: str, joined: Path) -> None:
    check(question, joined)


def check(question: str, folder: Path) -> None:
    found = running.answer(running.steps_of(FOLDER / f"{question}.json"), running.files_of(folder))
    wanted = running.asked(folder, SQL[question])
    assert found.table.num_rows > 0
    assert running.differences(in_order(found.table), in_order(wanted)) == []
    assert found.problems == []
    assert found.planned_columns() == found.columns()


def in_order(table: pa.Table) -> pa.Table:
    """By all columns: what is computed, and may differ in its last bit, is the last of them."""
    return table.sort_by([(name, "ascending") for name in table.column_names])
