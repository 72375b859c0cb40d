"""Pages of a frame: `Link` (RFC 8288) with first, prev, next and last, every other query parameter kept."""

from collections.abc import Iterator
from urllib.parse import quote, urlencode

from starlette.requests import Request

from jobs.results import View
from service.dependencies import services


def page_links(request: Request, view: View, rows: int | None) -> str:
    """The value of `Link`; empty where no `limit` makes pages, or nobody knows how many rows there are."""
    if not view.limit or rows is None:
        return ""
    return ", ".join(
        f'<{_url(request, offset)}>; rel="{relation}"' for relation, offset in _offsets(view.offset, view.limit, rows)
    )


def _offsets(offset: int, limit: int, rows: int) -> Iterator[tuple[str, int]]:
    # an offset that is no multiple of the limit shifts all pages: they go on where this one ends
    shift = offset % limit
    last = shift + (rows - 1 - shift) // limit * limit if rows > shift else 0
    yield "first", 0
    if offset > 0:
        yield "prev", max(0, min(offset - limit, last))
    if offset + limit < rows:
        yield "next", offset + limit
    yield "last", last


def _url(request: Request, offset: int) -> str:
    kept = [(name, value) for name, value in request.query_params.multi_items() if name != "offset"]
    path = quote(request.scope["path"], safe="/:@!$&'()*+,;=~")
    return f"{services(request).public_url}{path}?{urlencode([*kept, ('offset', str(offset))])}"
