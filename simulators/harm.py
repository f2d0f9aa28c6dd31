"""How badly a machine is hurt at each moment, by each physical fault."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum

import numpy as np

from core.readings import Floats, Instants
from simulators.noise import key, normal


class Ailment(StrEnum):
    """What can go wrong with the machine itself, as opposed to its sensors."""

    BEARING_WEAR = "bearing_wear"
    CAVITATION = "cavitation"
    MISALIGNMENT = "misalignment"
    CLOGGED_FILTER = "clogged_filter"
    OVERHEATING = "overheating"


@dataclass(frozen=True, slots=True)
class Harm:
    """The severity of each ailment, 0 (none) to 1 (as bad as it gets), at the moments `at`.

    `vibration_at_failure` is what a worn-out bearing ends at, in mm/s.
    """

    at: Instants
    key: int = 0
    severity: dict[Ailment, Floats] = field(default_factory=dict)
    vibration_at_failure: float = 8.3

    def __getitem__(self, ailment: Ailment) -> Floats:
        """Give the severity of one ailment; zeros where the machine does not have it."""
        found = self.severity.get(ailment)
        return np.zeros(len(self.at)) if found is None else found

    def flutter(self, ailment: Ailment, channel: str) -> Floats:
        """Give the unrest that an ailment adds to a channel: noise as strong as its severity."""
        found = self.severity.get(ailment)
        if found is None:
            return np.zeros(len(self.at))
        return found * normal(key(self.key, ailment, channel), self.at)
