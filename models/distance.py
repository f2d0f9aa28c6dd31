"""Distance of smoothed residuals from healthy running: one channel far out, or many a little.

Every row is reckoned by itself, in the same order of operations whatever else is in the batch.
"""

from __future__ import annotations

import numpy as np

from core.readings import Bools, Floats

ALONE = 4.0
"""How many standard errors a single channel may be off."""

JOINT = 2.0
"""How far all channels together may be off, times the root of their number."""


def judge(smoothed: Floats, cov: Floats, usable: Bools) -> tuple[Floats, Floats]:
    """Score rows `smoothed[r, k]` with `cov[r, k, k]`; returns score (1 at the line) and blame.

    Channels that are not usable take no part, exactly as if the class did not have them. A row
    without any scores NaN.
    """
    pair = usable[:, :, None] & usable[:, None, :]
    eye = np.eye(smoothed.shape[1])
    known = np.where(pair, cov, eye)
    away = np.where(usable, smoothed, 0.0)
    pulled = np.linalg.solve(known, away[:, :, None])[:, :, 0]
    parts = np.maximum(away * pulled, 0.0)
    joint = np.sqrt(np.maximum(total(away * pulled), 0.0))
    alone = np.abs(away) / np.sqrt(np.einsum("rkk->rk", known))
    count = usable.sum(axis=1)
    by_one = alone.max(axis=1) / ALONE
    by_all = joint / np.maximum(ALONE, JOINT * np.sqrt(count))
    score = np.where(count > 0, np.maximum(by_one, by_all), np.nan)
    weight = np.where((by_one >= by_all)[:, None], alone**2, parts)
    return score, share(weight, usable)


def share(weight: Floats, usable: Bools) -> Floats:
    """Turn weights into shares that sum to 1 over usable channels; equal where all are 0."""
    weight = np.where(usable, weight, 0.0)
    flat = total(weight) <= 0
    weight = np.where(flat[:, None], usable.astype(np.float64), weight)
    whole = total(weight)[:, None]
    shares: Floats = np.divide(weight, whole, out=np.zeros_like(weight), where=whole > 0)
    return shares


def total(parts: Floats) -> Floats:
    """Sum over channels, always from the first to the last."""
    summed = np.zeros(parts.shape[0])
    for k in range(parts.shape[1]):
        summed = summed + parts[:, k]
    return summed
