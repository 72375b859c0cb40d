"""How much memory jobs take: the factors by which a claim weighs their inputs, learned from finished jobs."""

from collections.abc import Mapping

from jobs.store import keys, scripts
from jobs.store.redis import Redis, translated

_TTL_MS = 7 * 86_400_000


async def learn(redis: Redis, factors: Mapping[str, float]) -> None:
    """Keep how many bytes of memory a byte of input took, by kind of payload (see records.kind_of).

    Larger ones count at once, smaller ones bring the factor down slowly.
    """
    flat = [part for pair in factors.items() for part in pair]
    with translated():
        await scripts.learn(redis, [keys.FACTORS], [_TTL_MS, *flat])
