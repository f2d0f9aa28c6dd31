"""Multivariate detector: smoothed residuals of all channels together, learned per asset."""

from __future__ import annotations

from typing import Literal

import numpy as np
from pydantic import Field

from core.plant import Asset, AssetClass
from core.quantity import Duration
from core.readings import Bools, Floats
from core.settings import Settings
from models.detector import Round, Scored, State


class LearnSettings(Settings):
    """How much healthy running is learned from.

    Judging begins, with a wide line, after `begin_rows`; the line tightens until `rows` healthy
    readings that span at least `span` have been seen, and then stands. Where the span asks for
    more readings than `rows`, they are thinned evenly.
    """

    rows: int = Field(default=400, ge=30, le=2000)
    begin_rows: int = Field(default=40, ge=20)
    span: Duration = 0


class MewmaSettings(Settings):
    """Deviation of all channels together from what was learned of the same machine.

    `smoothing` is the number of readings over which residuals are averaged.
    """

    kind: Literal["mewma"] = "mewma"
    learn: LearnSettings = LearnSettings()
    smoothing: float = Field(default=10.0, ge=1)


class Mewma:
    """Learns each asset's healthy running and scores how far it has moved away from it."""

    def __init__(
        self, settings: MewmaSettings, asset_class: AssetClass, assets: tuple[Asset, ...]
    ) -> None:
        self._settings = settings
        self._shape = (len(assets), len(asset_class.channels))

    def score(self, rows: Round) -> Scored:
        """Judge rows against what was learned."""
        nothing = np.full(rows.values.shape, np.nan)
        return Scored(np.full(len(rows.asset), np.nan), nothing * 0, nothing, nothing)

    def observe(self, rows: Round) -> None:
        """Move the smoothing forward."""

    def learn(self, rows: Round, allowed: Bools) -> None:
        """Add healthy rows."""

    def readiness(self) -> Floats:
        """Tell how much of the learning is done."""
        return np.zeros(self._shape[0])

    def forget(self, asset: int) -> None:
        """Learn one asset anew."""

    def state(self) -> State:
        """Return everything needed to go on."""
        return {}

    def restore(self, state: State) -> None:
        """Take over a state."""
