"""An uploaded frame."""

from msgspec import Struct

from jobs.model import Column


class FrameBody(Struct, frozen=True):
    """An uploaded frame; rows and columns are null where it was not read yet."""

    id: str
    rows: int | None
    columns: tuple[Column, ...] | None
    bytes: int
    expires_at: str
