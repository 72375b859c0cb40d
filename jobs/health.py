"""How Redis and the workers are."""

from dataclasses import dataclass

from jobs.errors import StoreError
from jobs.store import keys
from jobs.store.redis import Redis, translated
from jobs.store.soundness import SECTIONS, unsafe


@dataclass(frozen=True, slots=True)
class Health:
    """How the parts are. `redis` is None where it answers, else the reason; `warnings` say what is unsafe."""

    redis: str | None
    workers: int = 0
    fingerprint_mismatch: bool = False
    queued: int = 0
    warnings: tuple[str, ...] = ()


async def look(redis: Redis, queue: str, fingerprint: str) -> Health:
    """One look, in one round trip; `fingerprint` is that of our own ops, which every worker should have."""
    try:
        with translated():
            async with redis.pipeline(transaction=False) as pipe:
                pipe.zrange(keys.WORKERS, 0, -1)  # renewals keep it clean, by Redis' clock
                pipe.zcard(queue)
                for section in SECTIONS:
                    pipe.info(section)
                workers, queued, *info = await pipe.execute()
    except StoreError as error:
        return Health(redis=error.detail)
    fingerprints = {info.decode().rpartition(" ")[2] for info in workers}
    return Health(
        redis=None,
        workers=len(workers),
        fingerprint_mismatch=bool(fingerprints) and fingerprint not in fingerprints,
        queued=queued,
        warnings=unsafe(*info),
    )
