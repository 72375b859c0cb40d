"""How often, and with which pauses, a call is tried."""

from itertools import count
from typing import Any

import httpx

from service.client.answers import AGAIN, refusal
from service.client.effects import Answer, Call, Flow, Open, Pause, Rules
from service.client.errors import ClientError, ConnectionFailed

_FIRST_PAUSE_S, _LONGEST_PAUSE_S = 0.1, 2.0
_USELESS = (httpx.UnsupportedProtocol, httpx.LocalProtocolError)
_UNTOUCHED = (httpx.ConnectError, httpx.ConnectTimeout)


def asked(call: Call, rules: Rules, *, stream: bool = False) -> Flow[Any]:
    """The Answer of a call, after as many tries as the rules allow (or an open stream); raises what the last one met.

    A call that got no answer is sent again: everything that creates carries an idempotency key, and so is done once.
    No try begins later than `timeout_s` after the first, and none whose body cannot be sent again.
    """
    ends = rules.clock() + rules.timeout_s + call.wait_s
    effect = Open(call) if stream else call
    for tried in count(1):
        again, least_s = True, 0.0
        replayable = call.body is None or call.body.replayable
        cause: httpx.TransportError | None = None
        try:
            answer = yield effect
        except httpx.TransportError as error:
            cause = error
            failure: ClientError = no_answer(rules, error)
            again = not isinstance(error, _USELESS)
            replayable = replayable or isinstance(error, _UNTOUCHED)
        else:
            if not isinstance(answer, Answer) or answer.status < httpx.codes.BAD_REQUEST:
                return answer
            problem = refusal(answer)
            failure, again, least_s = problem, problem.status in AGAIN, problem.retry_after_s or 0.0
        pause_s = max(least_s, _backoff(tried, rules))
        if not (again and replayable) or tried > rules.retries or rules.clock() + pause_s > ends:
            raise failure from cause
        yield Pause(pause_s)
    raise AssertionError  # count() does not end


def _backoff(tried: int, rules: Rules) -> float:
    """Twice as long each time, and by chance between its half and its whole, so that many do not come back at once."""
    whole_s: float = min(_LONGEST_PAUSE_S, _FIRST_PAUSE_S * 2.0 ** min(tried - 1, 10))
    return whole_s * (0.5 + rules.chance() / 2)


def no_answer(rules: Rules, error: httpx.TransportError) -> ConnectionFailed:
    """The error of a call that got no answer."""
    return ConnectionFailed(f"{rules.url} does not answer ({str(error) or type(error).__name__}); does it run there?")
