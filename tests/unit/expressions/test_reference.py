"""The document says what the tables say."""

import re
from pathlib import Path

import pandas as pd

from jobs.expressions import parse, reference

DOCUMENT = Path(__file__).parents[3] / "docs" / "expressions.md"


def test_the_document_holds_the_generated_tables() -> None:
    assert DOCUMENT.read_text(encoding="utf-8").endswith(reference())


def test_every_example_of_the_document_runs() -> None:
    text = DOCUMENT.read_text(encoding="utf-8")
    examples = re.search(r"```python\n(.*?)```", text, re.DOTALL)
    assert examples is not None
    frame = pd.DataFrame(
        {
            "amount": [50.0, 200.0],
            "qty": [3, 4],
            "region": ["N", "W"],
            "unit price": [1, 2],
            "name": ["Ann", "bob"],
            "ts": pd.to_datetime(["2024-01-31", "2023-05-05"]),
            "a": [1, 2],
            "b": [0, 1],
            "c": [5, 6],
            "x": [None, 20.0],
            "status": ["paid", "open"],
            "nickname": [None, "b"],
            "shipped": pd.to_datetime(["1998-09-01", "1999-01-01"]),
            "due": pd.to_datetime(["2024-01-31", "2024-02-01"]),
            "v": [1.0, 2.0],
        }
    )
    results = [parse(line).column(frame).tolist() for line in examples.group(1).splitlines()]
    assert results[0] == [True, False]
    assert results[3:6] == [[True, False], [5, 2], [0.0, 10.0]]
    assert results[-3:] == [[True, False], list(pd.to_datetime(["2024-04-30", "2024-05-01"])), [False, True]]
    assert len(results) == 11
