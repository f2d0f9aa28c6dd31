"""The vibration velocity of a rotating machine, healthy or not."""

from __future__ import annotations

import numpy as np

from core.readings import Floats
from simulators.harm import Ailment, Harm
from simulators.schedule import Drive

RESTING = 0.04
"""What a sensor shows on a machine that stands, in mm/s: its neighbours."""


def vibration(level: float, drive: Drive, harm: Harm) -> Floats:
    """Give the true vibration in mm/s of a machine that runs at `level` when healthy.

    A worn bearing closes the way from healthy to the failing level, so that wear 1 is exactly
    the failing level whatever the load.
    """
    healthy = level * (0.72 + 0.35 * drive.load)
    rough = 2.4 * harm[Ailment.CAVITATION] + 0.5 * harm.flutter(Ailment.CAVITATION, "vibration")
    bent = 2.2 * harm[Ailment.MISALIGNMENT] * (0.4 + 0.6 * drive.load)
    lame = healthy + np.maximum(rough, 0.0) + bent
    worn = lame + (harm.vibration_at_failure - lame) * harm[Ailment.BEARING_WEAR]
    return RESTING + drive.running * (0.6 + 0.4 * drive.rise) * (worn - RESTING)
