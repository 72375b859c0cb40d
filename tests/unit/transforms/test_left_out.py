"""Nothing of pandas is missed: every method is an op, or stands in the table of what is left out and why."""

from collections import Counter

import pandas as pd
import pytest

from jobs.transforms.catalogue import BUILTIN, Catalogue
from jobs.transforms.left_out import LEFT_OUT, left_out
from jobs.transforms.reference import reference

_CLASSES = (type, type(pd.NA))


def public(owner: object) -> set[str]:
    return {name for name in dir(owner) if not name.startswith("_")}


def functions() -> set[str]:
    found = {name: getattr(pd, name) for name in public(pd)}
    return {name for name, one in found.items() if callable(one) and not isinstance(one, _CLASSES)}


NAMES = {
    "DataFrame": public(pd.DataFrame),
    "Series": public(pd.Series) - public(pd.DataFrame),
    "pandas": functions(),
}


@pytest.mark.parametrize("whose", LEFT_OUT)
def test_every_name_is_an_op_or_left_out_for_a_reason(whose: str) -> None:
    told = dict(left_out(whose))
    assert NAMES[whose] - BUILTIN.keys() - told.keys() == set()
    assert told.keys() & BUILTIN.keys() == set()


@pytest.mark.parametrize("whose", LEFT_OUT)
def test_what_is_left_out_is_there_in_pandas_and_told_once(whose: str) -> None:
    counted = Counter(name for name, _ in left_out(whose))
    assert counted.keys() <= NAMES[whose]
    assert set(counted.values()) == {1}
    assert all(reason.strip() for _, reason in left_out(whose))


def test_the_page_shows_the_table() -> None:
    page = reference(Catalogue())
    for whose in LEFT_OUT:
        assert all(f"`{name}`" in page for name, _ in left_out(whose))
