"""What is done to a service and its servers: single blows, and spells that last.

A plan is drawn from a seed, so that it can be played again.
"""

from __future__ import annotations

import random
from dataclasses import dataclass

INGEST, SERVE, STORE, BROKER = "kill ingest", "kill serve", "kill store", "restart broker"
STORE_AWAY, BROKER_AWAY, INGEST_AWAY, DISK_FULL = (
    "store away",
    "broker away",
    "ingest away",
    "disk full",
)


@dataclass(frozen=True, slots=True)
class Blow:
    """After `wait` seconds one thing is killed or restarted; a server stays `away` for a while."""

    what: str
    wait: float
    away: float = 0.0

    @property
    def takes(self) -> float:
        """How many seconds it takes at most: a server has to start anew."""
        return self.wait + self.away + (4.0 if self.what in {STORE, BROKER} else 0.5)


@dataclass(frozen=True, slots=True)
class Spell:
    """Blows in order, while something is away for `lasts` seconds; `what` is empty for nothing."""

    what: str
    lasts: float
    blows: tuple[Blow, ...] = ()

    @property
    def takes(self) -> float:
        """How many seconds it takes at most."""
        return max(self.lasts, sum(blow.takes for blow in self.blows))


@dataclass(frozen=True, slots=True)
class Numbers:
    """How many blows of each kind, and how long the spells last; 0 leaves one out."""

    kills: int = 100
    store_kills: int = 10
    restarts: int = 10
    store_away: float = 120.0
    broker_away: float = 80.0
    ingest_away: float = 20.0
    disk_full: float = 30.0


def plan(numbers: Numbers, seed: int) -> list[Spell]:
    """Spread the blows over the spells and the times between them."""
    rng = random.Random(seed)
    kills = [_kill(rng) for _ in range(numbers.kills)]
    spells = [
        _within(STORE_AWAY, numbers.store_away, kills, rng),
        _within(BROKER_AWAY, numbers.broker_away, kills, rng, 1 / 12),
        _within(DISK_FULL, numbers.disk_full, kills, rng, 1 / 12),
        Spell(INGEST_AWAY, numbers.ingest_away),
    ]
    spells = [spell for spell in spells if spell.lasts]
    rng.shuffle(spells)
    others = [STORE] * numbers.store_kills + [BROKER] * numbers.restarts
    between = kills + [Blow(what, rng.uniform(0.5, 3.0), rng.uniform(0.2, 1.5)) for what in others]
    rng.shuffle(between)
    pieces = len(spells) + 1
    cut = [tuple(between[k::pieces]) for k in range(pieces)]
    ordered = [Spell("", 0.0, cut[0])]
    for spell, blows in zip(spells, cut[1:], strict=True):
        ordered += [spell, Spell("", 0.0, blows)]
    return ordered


def _kill(rng: random.Random) -> Blow:
    return Blow(rng.choice((INGEST, SERVE)), rng.uniform(0.5, 3.0))


def _within(
    what: str, lasts: float, kills: list[Blow], rng: random.Random, share: float = 1 / 8
) -> Spell:
    """Take some kills for a spell, which they fill to two thirds."""
    count = round(len(kills) * share) if lasts else 0
    taken = tuple(
        Blow(kills.pop().what, rng.uniform(0.6, 1.4) * lasts * 2 / 3 / count) for _ in range(count)
    )
    return Spell(what, lasts, taken)
