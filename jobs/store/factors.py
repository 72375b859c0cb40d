"""How much memory jobs take: the factors by which a claim weighs their inputs, learned from finished jobs."""

from collections.abc import Mapping

from jobs.model import JobSpec
from jobs.store import keys, records, scripts
from jobs.store.redis import Redis, translated

_TTL_MS = 7 * 86_400_000
_LEAST = 2
"""The payload, and the frame that is made of it: as in `lua/parts/weights.lua`."""


async def learn(redis: Redis, factors: Mapping[str, float]) -> None:
    """Keep how many bytes of memory a byte of input took, by kind of payload (see records.kind_of).

    Larger ones count at once, smaller ones bring the factor down slowly.
    """
    flat = [part for pair in factors.items() for part in pair]
    with translated():
        await scripts.learn(redis, [keys.FACTORS], [_TTL_MS, *flat])


async def weigh(redis: Redis, spec: JobSpec) -> int:
    """What a claim would weigh a job of this spec, in bytes of memory: inputs by what was learned of their kind."""
    given = [(records.kind_of(one.payload), one.payload.bytes) for one in spec.inputs.values()]
    kinds = sorted({kind for kind, _ in given})
    if not kinds:
        return 0
    with translated():
        found: list[bytes | None] = await redis.hmget(keys.FACTORS, kinds)  # type: ignore[misc]  # redis-py's stub: sync or async
    known = {kind: float(factor or 0) for kind, factor in zip(kinds, found, strict=True)}
    return round(sum(max(known[kind], _LEAST) * size for kind, size in given))
