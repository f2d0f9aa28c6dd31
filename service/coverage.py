"""Coverage: how much of what running machines said could be judged by what was learned of them.

Only what tries a past counts it: no alert in time that nothing could judge is no merit.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from core.plant import AssetClass, Mode
from core.readings import Floats
from models.registry import GIVEN, TOGETHER
from service.watermark import Rows


class Coverage:
    """Counts rows of each asset while it ran, and those that a detector of its own judged.

    It runs in a regime that was learned or in a new one; on the way between two nothing is judged
    on purpose. Given lines judge always, and do not count, unless a class has no other detector.
    """

    def __init__(self, asset_class: AssetClass, assets: int) -> None:
        kinds = [type(one.settings) for one in asset_class.detectors]
        own = [k for k, kind in enumerate(kinds) if kind not in GIVEN | TOGETHER]
        self._own = own or list(range(len(kinds)))
        self.ran = np.zeros(assets, np.int64)
        self.judged = np.zeros(assets, np.int64)

    def add(self, asset: Rows, mode: NDArray[np.int8], scores: Floats) -> None:
        """Count rows; `scores[d]` are those of one detector, NaN where it could not judge."""
        ran = (mode == Mode.RUNNING) | (mode == Mode.NEW_REGIME)
        judged = ran & ~np.isnan(scores[self._own]).all(axis=0)
        self.ran += np.bincount(asset[ran], minlength=len(self.ran))
        self.judged += np.bincount(asset[judged], minlength=len(self.ran))
