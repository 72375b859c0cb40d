"""Uploaded frames: a record with a TTL, and the lives of its blobs."""

import secrets

import msgspec

from jobs.errors import IdempotencyMismatch, InputGone
from jobs.model import Frame, PayloadRef, Value
from jobs.store import keys, scripts
from jobs.store.quotas import too_much
from jobs.store.redis import Redis, translated
from jobs.store.repeats import Repeat


class _Record(Value, frozen=True, kw_only=True):
    tenant: str
    payload: PayloadRef
    decoded: PayloadRef | None = None


_decoder = msgspec.json.Decoder(_Record)


class FrameStore:
    """Frames in one Redis; `stored_quota` is how many bytes a tenant may have stored, 0 for no quota."""

    def __init__(self, redis: Redis, ttl_s: int, stored_quota: int = 0) -> None:
        self._redis, self._ttl_s, self._quota = redis, ttl_s, stored_quota

    async def add(
        self, tenant: str, payload: PayloadRef, decoded: PayloadRef | None, repeat: Repeat | None = None
    ) -> tuple[Frame, bool]:
        """Keep an uploaded payload (and its decoded twin) as a frame for `jobs.frame_ttl_s`.

        Or find the frame that the same request made before, and say True. Raises InputGone, IdempotencyMismatch and
        StorageQuota.
        """
        frame_id = f"frm_{secrets.token_urlsafe(18)}"
        refs = [ref for ref in (payload, decoded) if ref is not None]
        record = msgspec.json.encode(_Record(tenant=tenant, payload=payload, decoded=decoded))
        with translated():
            verdict, detail, *more = await scripts.add_frame(
                self._redis,
                [keys.frame(frame_id), repeat.key if repeat else "", keys.tenant_stored(tenant) if self._quota else ""],
                [
                    frame_id,
                    record,
                    self._ttl_s * 1000,
                    keys.BLOB_PREFIX,
                    keys.FRAME_PREFIX,
                    repeat.fingerprint if repeat else "",
                    repeat.ttl_ms if repeat else 0,
                    self._quota,
                    sum(ref.bytes for ref in refs),
                    *(ref.blob for ref in refs),
                ],
            )
        if verdict == b"mismatch":
            raise IdempotencyMismatch
        if verdict == b"much":
            raise too_much(self._quota, *(part.decode() for part in (detail, *more)))
        if verdict == b"replayed" and (found := await self.get(detail.decode())):
            return found, True
        if verdict != b"done":
            raise InputGone("the upload expired before it was complete; send it again")
        created_ms = int(detail)
        frame = Frame(
            id=frame_id,
            tenant=tenant,
            payload=payload,
            decoded=decoded,
            created_ms=created_ms,
            expires_ms=created_ms + self._ttl_s * 1000,
        )
        return frame, False

    async def get(self, frame_id: str) -> Frame | None:
        """The frame, or None where none is known (any more)."""
        with translated():
            data, created, expires = await self._redis.hmget(  # type: ignore[misc]  # stub: sync or async
                keys.frame(frame_id), ["record", "created_ms", "expires_ms"]
            )
        if data is None:
            return None
        record = _decoder.decode(data)
        return Frame(
            id=frame_id,
            tenant=record.tenant,
            payload=record.payload,
            decoded=record.decoded,
            created_ms=int(created or 0),
            expires_ms=int(expires or 0),
        )

    async def delete(self, frame: Frame) -> None:
        """Forget the frame; its bytes go when no live job refers to them."""
        blobs = [ref.blob for ref in (frame.payload, frame.decoded) if ref is not None]
        with translated():
            await scripts.delete_frame(
                self._redis,
                [keys.frame(frame.id), keys.tenant_stored(frame.tenant)],
                [frame.id, keys.BLOB_PREFIX, *blobs],
            )
