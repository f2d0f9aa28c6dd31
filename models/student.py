"""Student's t: how much wider a limit must be when the spread was estimated from few looks."""

from __future__ import annotations

import numpy as np

from core.readings import Floats


def widening(looks: Floats, confidence: float) -> Floats:
    """Tell how much wider Student's t is than a normal one, where the latter has `confidence`.

    `looks` are the degrees of freedom, `confidence` is in standard deviations.
    D. L. Wallace: Bounds on normal approximations to Student's and the chi-square distributions,
    Annals of Mathematical Statistics 30 (1959).
    """
    normal = confidence * (8 * looks + 3) / (8 * looks + 1)
    wider: Floats = np.sqrt(looks * np.expm1(np.minimum(normal**2 / looks, 30.0))) / confidence
    return wider
