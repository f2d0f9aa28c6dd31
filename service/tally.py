"""The tally: what was counted of every asset, its latest scores, and whose status changed."""

from __future__ import annotations

import numpy as np

from core.clock import Instant
from core.readings import Floats, Instants
from models.detector import State
from service.rules import NEVER
from service.watermark import Rows

COUNTED = (
    "scored", "duplicate", "late", "retained", "bad quality", "jump", "unknown channel",
    "uncertain quality",
)  # fmt: skip
"""New ones go to the end: a checkpoint holds them by their place."""
_PLACE = {name: place for place, name in enumerate(COUNTED)}


class Tally:
    """Counts for the assets of a class; `latest[n]` are the newest scores of one asset.

    `mended[n]` is when work last made it one to be learned anew.
    """

    def __init__(self, assets: int, detectors: int) -> None:
        self._counts = np.zeros((assets, len(COUNTED)), np.int64)
        self.latest = np.full((assets, detectors), np.nan)
        self.arrived = np.full(assets, NEVER, np.int64)
        self.mended = np.full(assets, NEVER, np.int64)
        self.dirty = np.ones(assets, np.bool_)

    def count(self, what: str, asset: Rows) -> None:
        """Count one more of something for each row; rows of unknown assets are left out."""
        known = asset[asset >= 0]
        np.add.at(self._counts[:, _PLACE[what]], known, 1)
        self.dirty[known] = True

    def scored(self, asset: Rows, scores: Floats) -> None:
        """Note the scores of rows in order of time; assets may repeat."""
        self._counts[:, 0] += np.bincount(asset, minlength=len(self._counts))
        self.judged(asset, scores)

    def judged(self, asset: Rows, scores: Floats) -> None:
        """Note scores of assets that said nothing new."""
        self.latest[asset] = scores.T
        self.dirty[asset] = True

    def heard(self, asset: Rows, arrived: Instant | Instants) -> None:
        """Note when the newest readings came in."""
        self.arrived[asset] = arrived

    def counts(self, asset: int) -> dict[str, int]:
        """Return what was counted of one asset, without zeros."""
        counted = zip(COUNTED, self._counts[asset].tolist(), strict=True)
        return {name: count for name, count in counted if count}

    def take_dirty(self) -> list[int]:
        """Return the assets whose status changed since the last time this was asked."""
        changed = [int(number) for number in np.flatnonzero(self.dirty)]
        self.dirty[:] = False
        return changed

    def state(self) -> State:
        """Return what a restart needs. Every status is told anew after one."""
        return {
            "counts": self._counts,
            "latest": self.latest,
            "arrived": self.arrived,
            "mended": self.mended,
        }

    def restore(self, state: State) -> None:
        """Take over a state."""
        known = state["counts"].astype(np.int64)
        self._counts = np.zeros((len(known), len(COUNTED)), np.int64)
        self._counts[:, : known.shape[1]] = known
        self.latest = state["latest"].astype(np.float64)
        self.arrived = state["arrived"].astype(np.int64)
        self.mended = state["mended"].astype(np.int64)
