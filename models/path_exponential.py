"""Exponential path: wear that feeds on itself, as cracks and bearings do.

N. Gebraeel, M. Lawley, R. Li, J. Ryan: Residual-life distributions from component degradation
signals, IIE Transactions 37, 2005.
"""

from __future__ import annotations

import numpy as np

from core.readings import Floats

_MOST = 500.0


class Exponential:
    """Grows by `shape` e-folds of pace in a unit of time."""

    shapes = (1.0, 2.0, 4.0)

    def grown(self, time: Floats, shape: Floats) -> Floats:
        """Tell how far it has grown by each time."""
        grown: Floats = np.expm1(np.minimum(shape * time, _MOST)) / shape
        return grown

    def reached(self, grown: Floats, shape: Floats) -> Floats:
        """Tell when it has grown so far."""
        time: Floats = np.log1p(shape * grown) / shape
        return time
