"""The state table: what moves there are, and that nothing leaves a terminal state."""

from itertools import product

import pytest

from jobs.state import TRANSITIONS, JobState, TransitionRefused, advance

MOVES = {(a, b) for a, targets in TRANSITIONS.items() for b in targets}


@pytest.mark.parametrize(("current", "to"), list(product(JobState, JobState)))
def test_only_the_moves_of_the_table_are_made(current: JobState, to: JobState) -> None:
    if (current, to) in MOVES:
        assert advance(current, to) is to
    else:
        with pytest.raises(TransitionRefused, match=f"{current} cannot become {to}"):
            advance(current, to)


def test_terminal_states_are_the_three_ends() -> None:
    assert {state for state in JobState if state.terminal} == {"succeeded", "failed", "canceled"}


def test_every_state_leads_to_an_end() -> None:
    for start in JobState:
        reached = {start}
        while more := {to for state in reached for to in TRANSITIONS[state]} - reached:
            reached |= more
        assert any(state.terminal for state in reached)
