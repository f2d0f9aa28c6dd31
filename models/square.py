"""Squares: many two-by-two matrices at once, `[..., 2, 2]`, by their closed forms."""

from __future__ import annotations

import numpy as np

from core.readings import Floats


def determinant(of: Floats) -> Floats:
    """Return the determinant of each."""
    found: Floats = of[..., 0, 0] * of[..., 1, 1] - of[..., 0, 1] * of[..., 1, 0]
    return found


def inverse(of: Floats) -> Floats:
    """Return the inverse of each."""
    found = np.empty(of.shape)
    found[..., 0, 0], found[..., 1, 1] = of[..., 1, 1], of[..., 0, 0]
    found[..., 0, 1], found[..., 1, 0] = -of[..., 0, 1], -of[..., 1, 0]
    return found / determinant(of)[..., None, None]
