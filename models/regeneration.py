"""Regeneration: sudden recoveries of a wearing signal that fade again, as of rested battery cells.

What is gained is lost again, so it is no less wear, and must not be taken for a slower path.
"""

from __future__ import annotations

import numpy as np

from core.readings import Bools, Floats

FAR = 5.0
"""How many robust spreads of its steps a recovery is away from the usual step."""

_SPREAD = 1.4826


def recoveries(way: Floats) -> Bools:
    """Mark where a signal that rises with wear steps back farther than its steps scatter."""
    if len(way) < 3:
        return np.zeros(len(way), np.bool_)
    steps = way[1:] - way[:-1]
    usual = _middle(steps)
    spread = _SPREAD * _middle(np.abs(steps - usual))
    found = np.zeros(len(way), np.bool_)
    found[1:] = steps < usual - FAR * max(spread, 1e-6)
    return found


def _middle(values: Floats) -> float:
    """Take the median, the upper of two: `np.median` takes ten times as long for so few."""
    return float(np.sort(values)[len(values) // 2])
