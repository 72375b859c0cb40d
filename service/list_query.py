"""What the query of a list asks for: filters, a page's size and where it begins."""

import re
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Final
from urllib.parse import urlencode

from starlette.requests import Request

from jobs.errors import FieldUnknown, SpecInvalid, TooManyLabels
from jobs.hints import did_you_mean, listing
from jobs.state import JobState
from jobs.store.listing import Filters, Place
from service.cursors import place_of
from service.intake.envelope import LABEL_PREFIX
from service.pointers import escaped

DEFAULT_LIMIT: Final = 50
MAX_LIMIT: Final = 200
_NAMES: Final = ("state", "group", "created_after", "limit", "cursor")
_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
_TIME: Final = re.compile(r"(\d{4}-\d\d-\d\d[Tt]\d\d:\d\d:\d\d)(\.\d+)?([Zz]|[+-]\d\d:\d\d)", re.ASCII)


@dataclass(frozen=True, slots=True)
class ListQuery:
    """What was asked for; `sent` are the parameters as they came, for the link to the next page."""

    filters: Filters
    limit: int
    place: Place | None
    sent: tuple[tuple[str, str], ...]

    @classmethod
    def of(cls, request: Request, tenant: str, most_labels: int) -> "ListQuery":
        """Read from the query; raises FieldUnknown, SpecInvalid, TooManyLabels, CursorMalformed.

        Redis compares every label that is asked for with each job it looks at: more than a job can have are refused.
        """
        sent = _sent(request)
        if (asked := sum(map(_is_label, sent))) > most_labels:
            raise TooManyLabels("labels asked for", asked, most_labels)
        filters = Filters(
            state=_state(sent["state"]) if "state" in sent else None,
            labels=tuple(
                sorted((name.removeprefix(LABEL_PREFIX), value) for name, value in sent.items() if _is_label(name))
            ),
            group=sent.get("group"),
            after_ms=_time_ms(sent["created_after"]) if "created_after" in sent else None,
        )
        place = place_of(sent["cursor"], tenant, filters) if "cursor" in sent else None
        limit = _limit(sent["limit"]) if "limit" in sent else DEFAULT_LIMIT
        return cls(filters, limit, place, tuple(sent.items()))

    def next(self, cursor: str) -> str:
        """The query of the next page: all filters, and this cursor."""
        return urlencode([*((name, value) for name, value in self.sent if name != "cursor"), ("cursor", cursor)])


def _is_label(name: str) -> bool:
    return name.startswith(LABEL_PREFIX) and len(name) > len(LABEL_PREFIX)


def _sent(request: Request) -> dict[str, str]:
    found: dict[str, str] = {}
    for name, value in request.query_params.multi_items():
        pointer = f"/{escaped(name)}"
        if name not in _NAMES and not _is_label(name):
            raise FieldUnknown(name, [*_NAMES, f"{LABEL_PREFIX}K"], pointer, kind="query parameter")
        if name in found:
            raise SpecInvalid(f"query parameter {name!r} is given twice", pointer)
        found[name] = value
    return found


def _state(text: str) -> JobState:
    states = [state.value for state in JobState]
    if text not in states:
        shown = text[:40]
        raise SpecInvalid(f"state is one of {listing(states)}, not {shown!r}{did_you_mean(shown, states)}", "/state")
    return JobState(text)


def _time_ms(text: str) -> int:
    """A time in whole milliseconds, rounded down: jobs are created in whole ones, and equal ones do not count."""
    # a plus that was not escaped has become a space
    match = _TIME.fullmatch(text.replace(" ", "+"))
    try:
        date, fraction, zone = match.groups("") if match else ("", "", "")
        at = datetime.fromisoformat(date.upper() + zone.upper().replace("Z", "+00:00"))
        return (at - _EPOCH) // timedelta(seconds=1) * 1000 + int(fraction[1:4].ljust(3, "0"))
    except ValueError:
        example = "2026-11-22T08:30:00.123Z"
        raise SpecInvalid(f"created_after is a time like {example}, not {text[:40]!r}", "/created_after") from None


def _limit(text: str) -> int:
    if not re.fullmatch(r"[0-9]{1,9}", text) or not 1 <= int(text) <= MAX_LIMIT:
        raise SpecInvalid(f"limit is a whole number from 1 to {MAX_LIMIT}, not {text[:40]!r}", "/limit")
    return int(text)
