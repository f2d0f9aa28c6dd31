"""Extrapolated: what one would otherwise do to say when a signal reaches its end."""

from __future__ import annotations

import numpy as np

from core.readings import Floats

LAST = 20


def straight(way: Floats, horizon: float) -> float:
    """Say what is left by a straight line through the last 20 readings, least squares.

    `horizon` where it does not rise or lies beyond.
    """
    said = way[-LAST:]
    pace, start = np.polyfit(np.arange(len(said)) - (len(said) - 1), said, 1)
    return float(np.clip((1 - start) / pace, 0.0, horizon)) if pace > 0 else horizon


def again(way: Floats) -> float:
    """Say that as much is left as has been: all that age alone tells."""
    return float(len(way))
