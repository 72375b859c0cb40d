"""A worker's subscription to the cancels of running jobs: it makes them quick; renewing leases tells as well."""

import asyncio
import logging
from collections.abc import Callable

from jobs.errors import StoreError
from jobs.store import keys
from jobs.store.redis import Redis, translated

logger = logging.getLogger(__name__)
_RETRY_S = 0.5
_LISTEN_S = 5.0  # under the socket timeout, so that silence is not taken for an outage


async def listen(redis: Redis, told: Callable[[str], None]) -> None:
    """Tell `told` the id of each job that is to be canceled, for ever; an outage is waited out."""
    while True:
        try:
            await _listen(redis, told)
        except StoreError as error:
            logger.debug("cancels: %s; subscribing again", error)
        except Exception:
            logger.exception("cancels: subscribing again")
        await asyncio.sleep(_RETRY_S)


async def _listen(redis: Redis, told: Callable[[str], None]) -> None:
    with translated():
        async with redis.pubsub(ignore_subscribe_messages=True) as feed:
            await feed.subscribe(keys.CANCELS_CHANNEL)
            while True:
                message = await feed.get_message(timeout=_LISTEN_S)
                if message is not None and message["type"] == "message":
                    told(message["data"].decode(errors="replace"))
