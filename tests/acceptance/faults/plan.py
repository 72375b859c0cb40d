"""The faults of a run, drawn from its seed: the same seed, the same faults in the same order."""

import random
from dataclasses import dataclass

# each ends a process with SIGKILL
KILLS = {"kill worker": 44, "kill supervisor": 12, "kill machine": 14, "kill api": 16, "kill redis": 14}
# each does something else, half as often in all
OTHERS = {
    "freeze worker": 8,
    "freeze redis": 4,
    "pause redis": 4,
    "reset connections": 7,
    "flush scripts": 4,
    "fill redis": 5,
    "deploy worker": 6,
    "deploy api": 4,
}
OUTAGES = ("redis stopped", "redis frozen")
WORKER_KINDS = frozenset({"kill worker", "kill supervisor", "kill machine", "freeze worker", "deploy worker"})


@dataclass(frozen=True, slots=True)
class Planned:
    """A fault to come: after so many seconds; `chance` in 0..1 picks its target and its length."""

    kind: str
    after_s: float
    chance: float


def plan(kills: int, seed: int, every_s: float, outages: int) -> list[Planned]:
    """`kills` SIGKILLs and half as many other faults in random order, `outages` long ones of each kind between them."""
    chance = random.Random(seed)
    kinds = chance.choices(list(KILLS), list(KILLS.values()), k=kills)
    kinds += chance.choices(list(OTHERS), list(OTHERS.values()), k=kills // 2)
    kinds += [kind for kind in OUTAGES for _ in range(outages)]
    chance.shuffle(kinds)
    return [
        Planned(kind, min(3 * every_s, max(0.2, chance.expovariate(1 / every_s))), chance.random()) for kind in kinds
    ]
