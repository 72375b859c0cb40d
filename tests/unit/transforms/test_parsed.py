"""Pipelines that are remembered: the same answers, a bounded memory, and nothing shared with users' functions."""

import pandas as pd
import pytest

from jobs.errors import CountExceeded, OpUnknown
from jobs.pipeline import Bounds, ParsedPipelines
from jobs.transforms.catalogue import BUILTIN, Catalogue
from jobs.transforms.declare import Declaration
from jobs.transforms.own import model_of


def _collects(df: pd.DataFrame, names: list[str]) -> pd.DataFrame:
    names.append("more")
    return df.assign(count=len(names))


def test_the_same_steps_are_parsed_once():
    parsed = ParsedPipelines(Catalogue())
    first = parsed.parse([{"op": "head", "n": 2}], ["df"])
    assert parsed.parse([{"op": "head", "n": 2}], ("df",)) is first
    assert parsed.parse([{"op": "head", "n": 3}], ["df"]) is not first
    assert parsed.parse([{"op": "head", "n": 2}], ["other"]).inputs == ("other",)
    assert first.run({"df": pd.DataFrame({"a": [1, 2, 3]})})["a"].tolist() == [1, 2]


def test_what_differs_only_in_type_is_told_apart():
    parsed = ParsedPipelines(Catalogue())
    frame = pd.DataFrame({"a": pd.array([None, 1], dtype="object")})
    for value in (0, 0.0, False, "0"):
        result = parsed.parse([{"op": "fillna", "value": value}], ["df"]).run({"df": frame})
        assert type(result["a"][0]) is type(value)


def test_integers_beyond_64_bits_are_arguments_like_others():
    parsed = ParsedPipelines(Catalogue())
    for n in (2**64, -(2**63) - 1, 10**30):
        steps = [{"op": "head", "n": n}]
        assert parsed.parse(steps, ["df"]) is parsed.parse(steps, ["df"])
    assert len(parsed.parse([{"op": "head", "n": 10**30}], ["df"]).run({"df": pd.DataFrame({"a": [1, 2]})})) == 2


def test_the_oldest_is_forgotten_and_failures_are_not_kept():
    parsed = ParsedPipelines(Catalogue(), size=2)
    first = parsed.parse([{"op": "head", "n": 1}], ["df"])
    for n in (2, 3):
        parsed.parse([{"op": "head", "n": n}], ["df"])
    assert parsed.parse([{"op": "head", "n": 1}], ["df"]) is not first
    for _ in range(2):
        with pytest.raises(OpUnknown):
            parsed.parse([{"op": "heat"}], ["df"])
    with pytest.raises(CountExceeded):
        parsed.parse([{"op": "head", "n": 1}], ["df"], bounds=Bounds(steps=0))


def test_arguments_of_a_users_function_are_its_own_each_time():
    catalogue = Catalogue({**BUILTIN, "collects": model_of(Declaration("collects", _collects))})
    parsed = ParsedPipelines(catalogue)
    for _ in range(2):
        pipeline = parsed.parse([{"op": "collects", "names": ["one"]}], ["df"])
        assert pipeline.run({"df": pd.DataFrame({"a": [1]})})["count"].tolist() == [2]
