"""Thinned conditions: of each step of event time, the worst score and the worst health."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from core.casefile import Condition
from core.clock import MINUTE
from core.readings import Floats, Instants
from models.detector import State
from service.rules import NEVER
from service.watermark import Rows

STEP = MINUTE
HEALTH = "health"
SCORE = "score:"
"""What the names of scores begin with, before their detector's."""


class Thinning:
    """Keeps for every asset the running step; a step goes out when the next one begins."""

    def __init__(self, assets: Sequence[str], detectors: Sequence[str]) -> None:
        self._assets = tuple(assets)
        self._names = (*(f"{SCORE}{name}" for name in detectors), HEALTH)
        self._step = np.full(len(self._assets), NEVER, np.int64)
        self._at = np.zeros(len(self._assets), np.int64)
        self._worst = np.full((len(self._assets), len(self._names)), np.nan)

    def add(self, asset: Rows, at: Instants, scores: Floats, health: Floats) -> list[Condition]:
        """Add one row per asset; returns the steps that ended by it."""
        step = at // STEP
        new = step != self._step[asset]
        worst = self._worst[asset]
        closed = self._closed(asset[new], worst[new]) if new.any() else []
        values = np.concatenate((scores, -health[None]), axis=0).T
        self._worst[asset] = np.where(new[:, None], values, np.fmax(worst, values))
        self._step[asset] = step
        self._at[asset] = at
        return closed

    def _closed(self, asset: Rows, worst: Floats) -> list[Condition]:
        closed = []
        at = self._at[asset].tolist()
        for row, values in enumerate(worst.tolist()):
            for name, value in zip(self._names, values, strict=True):
                if value == value:  # noqa: PLR0124 - not NaN
                    worst_value = -value if name is HEALTH else value
                    closed.append(Condition(self._assets[asset[row]], at[row], name, worst_value))
        return closed

    def state(self) -> State:
        """Return what a restart needs."""
        return {"step": self._step, "at": self._at, "worst": self._worst}

    def restore(self, state: State) -> None:
        """Take over a state."""
        self._step = state["step"].astype(np.int64)
        self._at = state["at"].astype(np.int64)
        self._worst = state["worst"].astype(np.float64)
