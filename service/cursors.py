"""Cursors of lists: opaque to callers, and good for the tenant and the filters they were given for alone."""

import base64
import binascii
import hashlib
from typing import Final

import msgspec

from jobs.store.listing import Filters, Place
from service.errors import CursorMalformed

_SUM_BYTES: Final = 9
_place = msgspec.msgpack.Decoder(tuple[int, str])


def cursor_of(place: Place, tenant: str, filters: Filters) -> str:
    """The text that stands for a place."""
    data = msgspec.msgpack.encode((place.created_ms, place.id))
    return _text(_sum(data, tenant, filters) + data)


def place_of(cursor: str, tenant: str, filters: Filters) -> Place:
    """The place a cursor stands for; raises CursorMalformed where it is not one of these."""
    try:
        raw = base64.b64decode(cursor + "=" * (-len(cursor) % 4), altchars="-_", validate=True)
        data = raw[_SUM_BYTES:]
        if raw[:_SUM_BYTES] != _sum(data, tenant, filters) or cursor != _text(raw):
            raise CursorMalformed
        return Place(*_place.decode(data))
    except (binascii.Error, ValueError):  # not ASCII, not base64, not msgpack
        raise CursorMalformed from None


def _text(raw: bytes) -> str:
    return base64.urlsafe_b64encode(raw).rstrip(b"=").decode()


def _sum(data: bytes, tenant: str, filters: Filters) -> bytes:
    # no secret: whoever makes one up sees nothing but the own tenant's jobs from another place on
    filtered = msgspec.msgpack.encode((tenant, filters.state, filters.labels, filters.group, filters.after_ms))
    return hashlib.sha256(data + filtered).digest()[:_SUM_BYTES]
