"""The frequencies at which a rolling bearing's faults strike, from its geometry.

The formulas are those of Randall and Antoni, "Rolling element bearing diagnostics: a tutorial",
Mechanical Systems and Signal Processing 25 (2011) 485-520, section 1.1, for an outer race that
stands. Real bearings slip by one or two per cent against them.
"""

from __future__ import annotations

from dataclasses import dataclass
from math import cos, radians

FAULTS = ("ftf", "bpfo", "bpfi", "bsf")
"""Cage, outer race, inner race and rolling element, as everyone abbreviates them."""


@dataclass(frozen=True, slots=True)
class Bearing:
    """The geometry of a rolling bearing; diameters in one unit, whichever, the angle in degrees."""

    balls: int
    ball_diameter: float
    pitch_diameter: float
    contact_angle: float = 0.0

    @property
    def orders(self) -> dict[str, float]:
        """Each fault's frequency as a multiple of the shaft's.

        `bsf` is the spin of a rolling element, which strikes both races in one turn, so that its
        fault mostly shows at the second harmonic.
        """
        ratio = self.ball_diameter / self.pitch_diameter * cos(radians(self.contact_angle))
        cage = (1 - ratio) / 2
        spin = self.pitch_diameter / (2 * self.ball_diameter) * (1 - ratio**2)
        return dict(
            zip(
                FAULTS,
                (cage, self.balls * cage, self.balls * (1 + ratio) / 2, spin),
                strict=True,
            )
        )

    def frequencies(self, rpm: float) -> dict[str, float]:
        """Each fault's frequency in Hz at a shaft speed in turns per minute."""
        return {fault: order * rpm / 60 for fault, order in self.orders.items()}
