"""Every limit is a setting, and every setting of `limits` has a code of its own, made of its name."""

import pytest

from config.sections import LimitSettings
from jobs.errors import CountExceeded, LimitExceeded, SizeExceeded
from service.problems import STATUS

# what is refused with another word, and why that word says more
ELSEWHERE = {
    "ratio_free_bytes": "a part of compression_ratio",
    "queued_jobs": "queue.full",
    "expression_chars": "expression.too_large",
    "expression_depth": "expression.too_large",
}


def _kinds(root: type[LimitExceeded]) -> list[type[LimitExceeded]]:
    return [kind for kind in root.__subclasses__() if kind.setting]


def test_every_limit_has_its_own_code() -> None:
    """Contract: limits are each a setting, each with its own code."""
    kinds = [*_kinds(SizeExceeded), *_kinds(CountExceeded)]
    assert {kind.setting for kind in kinds} | (ELSEWHERE.keys() & LimitSettings.model_fields.keys()) == set(
        LimitSettings.model_fields
    )
    assert [kind.code for kind in kinds] == [f"limit.{kind.setting}" for kind in kinds]
    assert len({kind.code for kind in kinds}) == len(kinds)


@pytest.mark.parametrize(("root", "status"), [(SizeExceeded, 413), (CountExceeded, 422)])
def test_sizes_are_413_and_counts_422(root: type[LimitExceeded], status: int) -> None:
    """Contract: sizes in bytes are 413, counts and meaning 422."""
    assert {STATUS[kind.code] for kind in _kinds(root)} == {status}
    assert all(kind.setting.endswith(("_bytes", "_ratio")) == (root is SizeExceeded) for kind in _kinds(root))
