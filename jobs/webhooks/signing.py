"""Signatures as Standard Webhooks has them: HMAC-SHA256 over id, timestamp and body. Pure, but for a new secret."""

import base64
import hashlib
import hmac
import secrets
from collections.abc import Sequence
from typing import Final

from config.sections.webhooks import PREFIX

_SECRET_BYTES: Final = 32


def new_secret() -> str:
    """A secret to sign with: `whsec_` and 32 random bytes in base64."""
    return PREFIX + base64.b64encode(secrets.token_bytes(_SECRET_BYTES)).decode()


def signed(delivery_id: str, timestamp_s: int, body: bytes, keys: Sequence[str]) -> tuple[tuple[str, str], ...]:
    """The headers by which a receiver knows the sender: one signature for each secret, so that either may be known."""
    content = f"{delivery_id}.{timestamp_s}.".encode() + body
    return (
        ("webhook-id", delivery_id),
        ("webhook-timestamp", str(timestamp_s)),
        ("webhook-signature", " ".join(_signature(content, key) for key in keys)),
    )


def _signature(content: bytes, key: str) -> str:
    secret = base64.b64decode(key.removeprefix(PREFIX))
    return "v1," + base64.b64encode(hmac.digest(secret, content, hashlib.sha256)).decode()
