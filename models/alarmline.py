"""Alarm line: what a score of 1 stands for, checked on healthy time kept back from the fit."""

from __future__ import annotations

import numpy as np

from core.readings import Bools, Floats, Instants
from models.baseline import features, filled, fit, reach, smooth
from models.distance import judge

KEPT_BACK = 0.3
"""The share of the learning rows on which the line is tried."""

MARGIN = 1.1
"""How far above the highest score of healthy time the line must lie."""

LASTING = 5
"""For how many readings a score must last to count: rules ask for no less."""

HIGHEST = 3.0
"""How far the line may be raised at most."""


def held(scores: Floats, hold: int) -> Floats:
    """Take at each row the lowest of the last `hold` scores."""
    if len(scores) < hold:
        return np.zeros(0)
    lowest: Floats = np.lib.stride_tricks.sliding_window_view(scores, hold).min(axis=1)
    return lowest


def alarm_line(
    values: Floats,
    operating: Floats,
    candidates: Bools,
    rate: float,
    sure: Bools | None = None,
    over: Instants | None = None,
) -> float:
    """Fit to the beginning of the learning rows, score the rest; returns the line, 1 or above."""
    early = int(len(values) * (1 - KEPT_BACK))
    base = fit(values[:early], operating[:early], candidates, rate, sure, over)
    design = features((filled(operating) - base.op_centre) / base.op_spread)
    residual = (filled(values) - base.centre) / base.spread - design @ base.weights
    far = reach(base.noise, np.diagonal(base.cov))
    smoothed = smooth(np.clip(residual, -far, far), rate)[early:]
    usable = np.broadcast_to(base.judged, smoothed.shape)
    cov = np.broadcast_to(base.cov, (len(smoothed), *base.cov.shape))
    scores = held(judge(smoothed, cov, usable)[0], LASTING)
    worst = float(scores.max()) if len(scores) and base.judged.any() else 0.0
    return float(np.clip(MARGIN * worst, 1.0, HIGHEST))
