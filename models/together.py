"""Several detectors heard as one: what the one that is farthest beyond its line says, counts.

Beyond the line the first leads: what the others say there lasts, and counts for little more than
the line, so that what the first finds new stands out from it however long it lasts.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from core.readings import Bools, Floats
from models.course import judge
from models.detector import Detector, Round, Scored, State

LASTING = 0.05
"""How far beyond the line others than the first count at most."""


class Together:
    """Implements `models.detector.Detector` over others, of the same class and assets."""

    def __init__(self, detectors: Sequence[Detector]) -> None:
        self._detectors = tuple(detectors)

    def score(self, rows: Round) -> Scored:
        """Judge rows by each."""
        return _farthest([one.score(rows) for one in self._detectors])

    def observe(self, rows: Round) -> None:
        """Move each forward."""
        for one in self._detectors:
            one.observe(rows)

    def judge(self, rows: Round) -> Scored:
        """Score and observe rows in time order; assets may repeat."""
        return _farthest([judge(one, rows) for one in self._detectors])

    def learn(self, rows: Round, allowed: Bools) -> None:
        """Let each learn."""
        for one in self._detectors:
            one.learn(rows, allowed)

    def readiness(self) -> Floats:
        """Tell how much of the learning the slowest has done."""
        least: Floats = np.minimum.reduce([one.readiness() for one in self._detectors])
        return least

    def forget(self, asset: int) -> None:
        """Let each forget an asset."""
        for one in self._detectors:
            one.forget(asset)

    def state(self) -> State:
        """Return what each needs to go on, its names behind its number."""
        return {
            f"{number}_{name}": array
            for number, one in enumerate(self._detectors)
            for name, array in one.state().items()
        }

    def restore(self, state: State) -> None:
        """Take over a state."""
        for number, one in enumerate(self._detectors):
            mine = f"{number}_"
            one.restore({n[len(mine) :]: a for n, a in state.items() if n.startswith(mine)})


def _farthest(said: list[Scored]) -> Scored:
    """Take of each row the verdict with the highest score; the first where they are alike."""
    best = said[0]
    for other in map(_squeezed, said[1:]):
        with np.errstate(invalid="ignore"):
            higher = (other.value > best.value) | (np.isnan(best.value) & ~np.isnan(other.value))
        wide = higher[:, None]
        best = Scored(
            np.where(higher, other.value, best.value),
            np.where(wide, other.blame, best.blame),
            np.where(wide, other.low, best.low),
            np.where(wide, other.high, best.high),
        )
    return best


def _squeezed(said: Scored) -> Scored:
    """Bring what is beyond the line close to it, in the same order."""
    beyond = 1.0 + LASTING * (1.0 - 1.0 / np.fmax(said.value, 1.0))
    with np.errstate(invalid="ignore"):
        return replace(said, value=np.where(said.value > 1.0, beyond, said.value))
