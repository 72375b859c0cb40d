"""Ten thousand generated hostile expressions: each is refused at submit, with its place, in bounded time and memory."""

import resource
import time

from jobs.errors import ExpressionError, FramequeueError
from jobs.expressions import parse
from jobs.pipeline import Pipeline
from jobs.transforms.catalogue import Catalogue
from tests.unit.expressions.hostile import VALID, hostile

COUNT = 10_000
CATALOGUE = Catalogue()


def refusal(text: str) -> FramequeueError | None:
    try:
        Pipeline.parse([{"op": "query", "expr": text}], ["df"], CATALOGUE)
    except FramequeueError as error:
        return error
    return None


def peak_bytes() -> int:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024


def test_hostile_expressions_are_refused_at_submit_with_their_position() -> None:
    texts = list(hostile(seed=5, count=COUNT))
    assert len({text for _, text in texts}) > COUNT / 2
    refusal(texts[0][1])
    before, started = peak_bytes(), time.perf_counter()
    slowest, passed, unplaced = 0.0, [], []
    for kind, text in texts:
        began = time.perf_counter()
        error = refusal(text)
        slowest = max(slowest, time.perf_counter() - began)
        if error is None:
            passed.append((kind, text[:200]))
        elif not isinstance(error, ExpressionError) or error.position is None or not 0 <= error.position <= len(text):
            unplaced.append((kind, text[:200], repr(error)[:200]))
        else:
            assert error.places[0].pointer == "/pipeline/0/expr"
            assert len(error.detail) < 2_000
    assert passed == []
    assert unplaced == []
    assert time.perf_counter() - started < 120
    assert slowest < 5
    assert peak_bytes() - before < 50 * 1024**2


def test_what_they_are_made_of_is_valid() -> None:
    for tokens in VALID:
        parse(" ".join(tokens))
