"""Expect: frames pass as pandera passes them, and rows that break a rule are told, or set aside with their reason."""

import json
import re
import subprocess
import sys
from collections import Counter
from datetime import date
from decimal import Decimal
from typing import Any

import pandas as pd
import pandera.pandas as pandera
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from config.sections import LimitSettings
from jobs.errors import (
    ArgumentInvalid,
    ArgumentUnknown,
    ColumnAmbiguous,
    ColumnUnknown,
    DtypeUnsuitable,
    ExpectationFailed,
    RejectsExceeded,
)
from jobs.model import Input, OnRowError, PayloadRef
from jobs.pipeline import Pipeline, failure_details
from jobs.planning import problems_of
from jobs.transforms.catalogue import Catalogue
from jobs.worker.compute import Work, compute
from jobs.worker.stop import Stop
from tests.store.build import spec
from tests.unit.planning.looking import raw
from tests.unit.transforms.frames import any_frames, frames, run

quick = settings(max_examples=10, deadline=None)  # pandera takes its time, twice


def expect(schema: dict[str, Any], **arguments: Any) -> dict[str, Any]:
    return {"op": "expect", "schema": schema, **arguments}


def broken(frame: pd.DataFrame, step: dict[str, Any]) -> dict[str, list[int]]:
    """The first five rows (from 1) that break each rule, by the rule's pointer."""
    try:
        pd.testing.assert_frame_equal(run(frame, step), frame)
    except ExpectationFailed as failed:
        error = failed
    else:
        return {}
    found: dict[str, list[int]] = {}
    for place in error.places:
        rows = [int(row) for row in re.findall(r"row ([0-9]+)", place.detail)]
        (count,) = map(int, re.findall(r" in ([0-9]+) rows? \(", place.detail))
        assert len(rows) == min(count, 5)
        assert set(error.rows) >= {row - 1 for row in rows}
        found[place.pointer.removeprefix("/pipeline/0")] = rows
    return found


def by_pandera(frame: pd.DataFrame, columns: dict[str, pandera.Column]) -> dict[str, list[int]]:
    try:
        pandera.DataFrameSchema(columns).validate(frame, lazy=True)
    except pandera.errors.SchemaErrors as errors:
        found: dict[str, list[int]] = {}
        for error in errors.schema_errors:
            rows = [row + 1 for row, kept in enumerate(error.check_output) if not kept]
            name = error.check if isinstance(error.check, str) else error.check.name
            found[f"{error.schema.name} {name}"] = rows[:5]
        return found
    return {}


NUMBERS = ("int64", "float64", "Int64")


@quick
@given(
    frames(names=("v",), dtypes=NUMBERS),
    st.booleans(),
    st.sampled_from([0, 1, -2.25, 2**62 + 1]),
    st.sampled_from([0, 1.5, 100, 2**62]),
    st.lists(st.sampled_from([0, 1, 2, -3, 1.5]), min_size=1, max_size=3),
)
def test_numbers_pass_as_pandera_passes_them(
    frame: pd.DataFrame, nullable: bool, least: Any, most: Any, items: list[Any]
) -> None:
    rules = {"nullable": nullable, "ge": least, "gt": least, "le": most, "lt": most, "isin": items}
    checks = {
        "ge": pandera.Check.ge(least),
        "gt": pandera.Check.gt(least),
        "le": pandera.Check.le(most),
        "lt": pandera.Check.lt(most),
        "isin": pandera.Check.isin(items),
    }
    # pandera tells of what is left without nulls, so each check has the filled frame alone
    filled = frame.dropna().reset_index(drop=True)
    for name, check in checks.items():
        check.name = name
        theirs = by_pandera(filled, {"v": pandera.Column(checks=[check])})
        ours = broken(filled, expect({"v": {name: rules[name]}}))
        assert ours == {f"/schema/v/{name}": rows for _, rows in theirs.items()}
    ours = broken(frame, expect({"v": {name: wanted for name, wanted in rules.items() if wanted is not None}}))
    nulls = [row + 1 for row, null in enumerate(frame["v"].isna()) if null]
    assert ours.get("/schema/v/nullable", []) == ([] if nullable else nulls[:5])
    assert not any(set(nulls) & set(rows) for at, rows in ours.items() if at != "/schema/v/nullable")


TEXT_DTYPES = ["str", "string", "category", pd.ArrowDtype(pa.large_string()), object]


@quick
@given(
    st.lists(st.sampled_from(["", "a", "ab", "ba", "größe"]), max_size=7),
    st.sampled_from(TEXT_DTYPES),
    st.sampled_from(["a", "a$", "b|", "[äöü]|gr.*e$", "^ab"]),
    st.integers(0, 3),
)
def test_texts_pass_as_pandera_passes_them(words: list[str], dtype: Any, pattern: str, length: int) -> None:
    plain = pd.DataFrame({"v": pd.Series(words, dtype=object).astype("str")})
    frame = plain.astype({"v": dtype})
    checks = {
        "matches": (pattern, pandera.Check.str_matches(pattern)),
        "min_length": (length, pandera.Check.str_length(min_value=length)),
        "max_length": (length, pandera.Check.str_length(max_value=length)),
        "isin": (["a", "größe"], pandera.Check.isin(["a", "größe"])),
        "ge": ("ab", pandera.Check.ge("ab")),
    }
    for name, (wanted, check) in checks.items():
        theirs = by_pandera(plain, {"v": pandera.Column(checks=[check])})
        assert list(broken(frame, expect({"v": {name: wanted}})).values()) == list(theirs.values()), name


def twice(cells: list[Any], keep: str) -> list[int]:
    """The rows (from 1) whose cells come more than once, nulls left out."""
    counts = Counter(cell for cell in cells if cell is not None)
    rows = []
    for place, cell in enumerate(cells):
        first, last = cell not in cells[:place], cell not in cells[place + 1 :]
        spared = (keep == "exclude_first" and first) or (keep == "exclude_last" and last)
        if counts[cell] > 1 and not spared:
            rows.append(place + 1)
    return rows


@settings(max_examples=40, deadline=None)
@given(any_frames(), st.sampled_from(["all", "exclude_first", "exclude_last"]), st.booleans())
def test_frames_of_every_dtype_pass_or_are_told_of(frame: pd.DataFrame, keep: str, nullable: bool) -> None:
    name = frame.columns[0]
    step = expect({name: {"nullable": nullable, "unique": True}}, report_duplicates=keep)
    if list(frame.columns).count(name) > 1:
        with pytest.raises(ColumnAmbiguous) as caught:
            run(frame, step)
        assert caught.value.column == name
        return
    cells = [None if pd.isna(cell) else cell for cell in frame[name]]
    at = "/schema/" + name.replace("~", "~0").replace("/", "~1")
    expected = {
        f"{at}/nullable": [] if nullable else [row + 1 for row, cell in enumerate(cells) if cell is None],
        f"{at}/unique": twice(cells, keep),
    }
    expected = {pointer: rows[:5] for pointer, rows in expected.items() if rows}
    if expected:
        with pytest.raises(ExpectationFailed) as caught_too:
            run(frame, step)
        assert {place.pointer.removeprefix("/pipeline/0") for place in caught_too.value.places} == set(expected)
        assert caught_too.value.rows == tuple(dict.fromkeys(row - 1 for rows in expected.values() for row in rows))
    else:
        pd.testing.assert_frame_equal(run(frame, step), frame)


def decimals(*values: str | None) -> Any:
    cells = [None if value is None else Decimal(value) for value in values]
    return pd.array(cells, dtype=pd.ArrowDtype(pa.decimal128(12, 2)))


def dates(*values: date | None) -> Any:
    return pd.array(list(values), dtype=pd.ArrowDtype(pa.date32()))


def test_decimals_are_compared_with_the_number_that_was_written() -> None:
    frame = pd.DataFrame({"d": decimals("0.05", None, "0.07", "7.10")})
    passes = {"dtype": "decimal128(12, 2)", "nullable": True}
    for rule in ({"ge": 0.05}, {"le": 7.1}, {"isin": [0.05, 0.07, 7.1, 0.001]}, {"gt": 0}, {"lt": 8}):
        pd.testing.assert_frame_equal(run(frame, expect({"d": passes | rule})), frame)
    assert broken(frame, expect({"d": passes | {"gt": 0.05, "lt": 7.10, "isin": [7.1, 0.07]}})) == {
        "/schema/d/gt": [1],
        "/schema/d/lt": [4],
        "/schema/d/isin": [1],
    }


def test_dates_are_compared_with_iso_texts() -> None:
    days = [date(2024, 1, 31), None, date(1999, 12, 31)]
    stamps = pd.to_datetime(pd.Series(days))
    frame = pd.DataFrame({"d": dates(*days), "t": stamps, "z": stamps.dt.tz_localize("Europe/Berlin")})
    for name, dtype in (("d", "date32"), ("t", "datetime64[us]"), ("z", "datetime64[us, Europe/Berlin]")):
        frame[name] = frame[name].astype("datetime64[us]") if name == "t" else frame[name]
        wanted = {"nullable": True, "ge": "1999-12-31", "lt": "2024-01-31T00:00", "isin": ["2024-01-31"]}
        if name != "z":
            wanted["dtype"] = dtype
        assert broken(frame, expect({name: wanted})) == {f"/schema/{name}/lt": [1], f"/schema/{name}/isin": [3]}
    with pytest.raises(DtypeUnsuitable, match="no ISO date") as caught:
        run(frame, expect({"d": {"ge": "soon"}}))
    assert caught.value.places[0].pointer == "/pipeline/0/schema/d/ge"


def test_a_dtype_is_what_it_means() -> None:
    frame = pd.DataFrame(
        {
            "i": pd.array([1, 2], "Int64"),
            "s": pd.array(["a", "b"], pd.ArrowDtype(pa.large_string())),
            "n": pd.Series([None, None], dtype=object),
            "c": pd.Categorical(["x", "y"]),
            "b": [True, False],
        }
    )
    fitting = {"i": "int64", "s": "str", "n": "float64", "c": "category", "b": "boolean"}
    run(frame, expect({name: {"dtype": dtype, "nullable": True} for name, dtype in fitting.items()}))
    for name, dtype in (("i", "int32"), ("i", "float64"), ("s", "category"), ("c", "str"), ("b", "int64")):
        with pytest.raises(DtypeUnsuitable, match=f"{dtype} is expected") as caught:
            run(frame, expect({name: {"dtype": dtype}}))
        assert (caught.value.column, caught.value.places[0].pointer) == (name, f"/pipeline/0/schema/{name}/dtype")


def test_columns_together_come_once() -> None:
    frame = pd.DataFrame({"k": ["a", "a", "b", None, None], "v": [1, 1, 1, 2, 2]})
    with pytest.raises(ExpectationFailed, match="columns 'k', 'v' are not unique together in 2 rows") as caught:
        run(frame, expect({}, unique=["k", "v"]))
    assert (caught.value.rows, caught.value.places[0].pointer) == ((0, 1), "/pipeline/0/unique")
    pd.testing.assert_frame_equal(
        run(frame.iloc[1:].reset_index(drop=True), expect({}, unique=["k", "v"])), frame[1:].reset_index(drop=True)
    )
    with pytest.raises(ColumnUnknown):
        run(frame, expect({}, unique=["k", "w"]))


def test_columns_that_may_not_be_there_and_that_need_not() -> None:
    frame = pd.DataFrame({"a": [1], "b": [2]})
    pd.testing.assert_frame_equal(run(frame, expect({"c": {"required": False}, "a": {}})), frame)
    with pytest.raises(ColumnUnknown) as caught:
        run(frame, expect({"c": {}}))
    assert caught.value.places[0].pointer == "/pipeline/0/schema/c"
    with pytest.raises(ArgumentInvalid, match="does not name: 'b'") as strict:
        run(frame, expect({"a": {}}, strict=True))
    assert strict.value.places[0].pointer == "/pipeline/0/strict"


@pytest.mark.parametrize(
    ("rules", "problem", "pointer"),
    [
        ({"gte": 1}, ArgumentUnknown, "/schema/a/gte"),
        ({"matches": "(?=a)"}, ArgumentInvalid, "/schema/a/matches"),
        ({"dtype": "int46"}, ArgumentInvalid, "/schema/a/dtype"),
        ({"min_length": -1}, ArgumentInvalid, "/schema/a/min_length"),
        ({"isin": []}, ArgumentInvalid, "/schema/a/isin"),
        ({"isin": [None]}, ArgumentInvalid, "/schema/a/isin/0"),
        ({"ge": True}, ArgumentInvalid, "/schema/a/ge"),
    ],
)
def test_arguments_are_refused_where_they_stand(rules: dict[str, Any], problem: Any, pointer: str) -> None:
    with pytest.raises(problem) as caught:
        Pipeline.parse([expect({"a": rules})], ["df"], Catalogue())
    assert caught.value.places[0].pointer == f"/pipeline/0{pointer}"


ORDERS = b'[{"region": "N", "amount": 1.5}, {"region": "S", "amount": -2.0}]'


@pytest.mark.parametrize(
    ("step", "problem"),
    [
        (expect({"amuont": {}}), ("transform.column_unknown", "/pipeline/0/schema/amuont")),
        (expect({"amount": {"dtype": "int64"}}), ("transform.dtype_unsuitable", "/pipeline/0/schema/amount/dtype")),
        (expect({"region": {"ge": 1}}), ("transform.dtype_unsuitable", "/pipeline/0/schema/region/ge")),
        (expect({"amount": {"matches": "a"}}), ("transform.dtype_unsuitable", "/pipeline/0/schema/amount/matches")),
        (expect({"amount": {}}, strict=True), ("pipeline.argument_invalid", "/pipeline/0/strict")),
        (expect({"amount": {"ge": 0}}), None),
        (expect({"amount": {"dtype": "float64", "unique": True}, "region": {"isin": ["S"]}}), None),
    ],
)
def test_what_no_row_could_help_is_refused_at_submit(step: dict[str, Any], problem: tuple[str, str] | None) -> None:
    found = problems_of(
        Pipeline.parse([step], ["df"], Catalogue()), {"df": raw(ORDERS, "application/json")}, max_columns=100
    )
    assert [(one.code, one.places[0].pointer) for one in found] == ([] if problem is None else [problem])


def test_steps_behind_it_are_tried_too() -> None:
    schema = {"amount": {"ge": 0, "unique": True}, "region": {"isin": ["W"]}}
    steps = [expect(schema), {"op": "query", "expr": "region > 5"}, {"op": "select", "columns": ["amuont"]}]
    schemas = {"df": raw(ORDERS, "application/json")}
    for behind, code in ((steps[1], "transform.dtype_unsuitable"), (steps[2], "transform.column_unknown")):
        (problem,) = problems_of(Pipeline.parse([steps[0], behind], ["df"], Catalogue()), schemas, max_columns=100)
        assert (problem.code, problem.places[0].pointer[:11]) == (code, "/pipeline/1")


def test_a_failure_tells_column_rule_count_and_sample_rows() -> None:
    frame = pd.DataFrame({"id": range(1, 21), "amount": [1.5] * 3 + [-1.0] * 7 + [None] * 10})
    with pytest.raises(ExpectationFailed) as caught:
        run(frame, expect({"amount": {"ge": 0}, "id": {"le": 19}}))
    told = caught.value.detail
    assert told == (
        "step 1 (expect): column 'amount' is null in 10 rows (row 11, row 12, row 13, row 14, row 15, …); "
        "column 'amount' is not >= 0 in 7 rows (row 4: -1.0, row 5: -1.0, row 6: -1.0, row 7: -1.0, row 8: -1.0, …); "
        "column 'id' is not <= 19 in 1 row (row 20: 20)"
    )
    details = failure_details(caught.value)
    assert details is not None
    assert (details.column, details.dtype, details.shape) == ("amount", "float64", (20, 2))
    assert [sample["id"] for sample in details.samples] == [11, 12, 13, 14, 15]


def work(text: bytes, *steps: dict[str, Any], **settings: Any) -> Work:
    one = Input(payload=PayloadRef(blob="", media_type="text/csv", bytes=len(text)))
    return Work(
        job_id="job_x",
        attempt=1,
        spec=spec(pipeline=list(steps), inputs={"df": one}, on_row_error=OnRowError.REJECT, **settings),
        payloads={"df": pa.py_buffer(text)},
        catalogue=Catalogue(),
        limits=LimitSettings(),
        stop=Stop(),
        on_progress=lambda *_: None,
    )


def rejects(product: Any) -> list[tuple[int, str | None, str, str]]:
    table = pa.ipc.open_stream(b"".join(map(bytes, product.set_aside))).read_all()
    return [(one["row"], one["column"], one["code"], one["detail"]) for one in table.to_pylist()]


CSV = b"id,amount,code\n1,1.5,AB\n2,-1.0,CD\n2,,cd\n3,7.5,EF\n4,-2.0,x\n"


def test_rows_that_break_a_rule_are_set_aside_with_their_number_and_reason() -> None:
    schema = {"amount": {"ge": 0}, "code": {"matches": "[A-Z]{2}$"}, "id": {"unique": True}}
    product = compute(work(CSV, expect(schema, report_duplicates="exclude_first")))
    assert product.outcome.result is not None
    assert (product.outcome.result.rows, product.outcome.result.rejects) == (2, 3)
    code = "transform.expectation_failed"
    assert rejects(product) == [
        (2, "amount", code, "step 1 (expect): -1.0 is not >= 0"),
        (3, "amount", code, "step 1 (expect): is null"),
        (5, "amount", code, "step 1 (expect): -2.0 is not >= 0"),
    ]
    product = compute(work(CSV, expect({"code": schema["code"], "id": {"unique": True}})))
    assert [row[:2] for row in rejects(product)] == [(3, "code"), (5, "code"), (2, "id")]
    assert product.outcome.result is not None
    assert product.outcome.result.rows == 2


def test_rows_that_are_equal_together_are_set_aside_without_a_column() -> None:
    product = compute(work(b"k,v\na,1\na,1\na,2\n", expect({}, unique=["k", "v"], report_duplicates="exclude_first")))
    detail = "step 1 (expect): ['a', 1] are not unique together"
    assert rejects(product) == [(2, None, "transform.expectation_failed", detail)]


def test_no_more_rows_are_set_aside_than_may_be() -> None:
    with pytest.raises(RejectsExceeded):
        compute(work(CSV, expect({"amount": {"ge": 100}}), max_rejects=2))
    assert compute(work(CSV, expect({"amount": {"ge": 100}}), max_rejects=5)).outcome.result is not None


def test_a_wrong_column_fails_where_rows_may_be_set_aside_too() -> None:
    with pytest.raises(DtypeUnsuitable):
        compute(work(CSV, expect({"amount": {"dtype": "str"}})))


def test_pandera_is_loaded_where_there_are_rows_alone_and_the_environment_cannot_switch_it_off() -> None:
    script = (
        "import sys, pandas as pd\n"
        "from jobs.pipeline import Pipeline\n"
        "from jobs.transforms.base import Surroundings\n"
        "from jobs.transforms.catalogue import Catalogue\n"
        "step = {'op': 'expect', 'schema': {'a': {'ge': 2}}}\n"
        "pipeline = Pipeline.parse([step], ['df'], Catalogue())\n"
        "frame = pd.DataFrame({'a': [1, 2]})\n"
        "pipeline.run({'df': frame.head(0)})\n"
        "around = Surroundings(made_up=True)\n"
        "assert len(pipeline.steps[0].transform.apply(frame, around)) == 2\n"
        "assert not any(name.startswith('pandera') for name in sys.modules)\n"
        "try:\n"
        "    pipeline.run({'df': frame})\n"
        "except Exception as error:\n"
        "    print(type(error).__name__)\n"
    )
    settings = {"PANDERA_VALIDATION_ENABLED": "False", "PANDERA_VALIDATION_DEPTH": "SCHEMA_ONLY"}
    done = subprocess.run(
        [sys.executable, "-c", script], env={**settings, "PATH": "", "PYTHONPATH": ":".join(sys.path)},
        capture_output=True, text=True, check=True,
    )  # fmt: skip
    assert done.stdout == "ExpectationFailed\n"


def test_casts_of_several_columns_name_the_rows_as_they_came() -> None:
    text = b"a,b\nx,1\n2,y\n3,3\nz,z\n5,w\n"
    product = compute(work(text, {"op": "astype", "dtype": {"a": "int64", "b": "int64"}}))
    assert product.outcome.result is not None
    assert product.outcome.result.rows == 1
    assert [row[:2] for row in rejects(product)] == [(1, "a"), (4, "a"), (2, "b"), (5, "b")]


def test_a_row_that_is_set_aside_is_kept_with_columns_that_no_step_reads() -> None:
    steps = [{"op": "astype", "dtype": {"a": "int64"}}, {"op": "select", "columns": ["a"]}]
    product = compute(work(b"a,b,c\n1,2,3\nz,5,6\n", *steps))
    table = pa.ipc.open_stream(b"".join(map(bytes, product.set_aside))).read_all()
    assert [json.loads(raw) for raw in table["raw"].to_pylist()] == [{"a": "z", "b": 5, "c": 6}]
