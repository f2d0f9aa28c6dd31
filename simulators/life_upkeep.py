"""What maintenance does to a simulated fleet: planned stops, repairs that do not always succeed."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

import numpy as np


class Outcome(StrEnum):
    """What a repair came to."""

    RESTORED = "restored"
    PARTLY = "partly"
    NOT_RESTORED = "not_restored"


LEFT = {
    Outcome.RESTORED: (0.0, 0.0),
    Outcome.PARTLY: (0.3, 0.6),
    Outcome.NOT_RESTORED: (0.8, 0.95),
}
"""Which share of the damage each leaves, at least and at most."""


@dataclass(frozen=True, slots=True)
class Upkeep:
    """How a fleet is looked after.

    With `planned`, every `stop_every` days a machine is looked at; damage beyond `seen` is found
    the more often the greater it is, and mended before it fails. After `overhaul` hours a machine
    is replaced at the next stop. Work after a failure takes up to `stands` days.
    """

    planned: bool = True
    stop_every: int = 75
    seen: float = 0.2
    overhaul: float = 15000.0
    replaced: float = 0.35
    outcomes: tuple[float, ...] = (0.65, 0.22, 0.13)
    stands: int = 6

    def finds(self, damage: float, rng: np.random.Generator) -> bool:
        """Tell whether a look at a machine finds so much damage."""
        return bool(rng.random() < 2.5 * (damage - self.seen))

    def replaces(self, rng: np.random.Generator) -> bool:
        """Tell whether the machine is replaced as a whole, rather than repaired."""
        return bool(rng.random() < self.replaced)

    def outcome(self, rng: np.random.Generator) -> tuple[Outcome, float]:
        """Draw what a repair comes to, and which share of the damage it leaves."""
        found = list(LEFT)[rng.choice(len(LEFT), p=self.outcomes)]
        return found, float(rng.uniform(*LEFT[found]))
