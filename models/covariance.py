"""Covariance from few rows, shrunk as Ledoit and Wolf found best.

O. Ledoit, M. Wolf: A well-conditioned estimator for large-dimensional covariance matrices,
Journal of Multivariate Analysis 88 (2004).
"""

from __future__ import annotations

import numpy as np

from core.readings import Floats


def ledoit_wolf(rows: Floats) -> tuple[Floats, float]:
    """Estimate the covariance of the columns of `rows`, and how far it was shrunk (0 to 1).

    The target is the identity times the mean variance.
    """
    centred = rows - rows.mean(axis=0)
    count, width = centred.shape
    sample = np.einsum("ni,nj->ij", centred, centred) / count
    target = float(np.trace(sample)) / width
    distance = float(np.sum((sample - target * np.eye(width)) ** 2))
    squares = centred**2
    spread = float(np.sum(np.einsum("ni,nj->ij", squares, squares) / count - sample**2)) / count
    shrinkage = min(spread, distance) / distance if distance > 0 else 0.0
    shrunk: Floats = (1 - shrinkage) * sample + shrinkage * target * np.eye(width)
    return shrunk, shrinkage
