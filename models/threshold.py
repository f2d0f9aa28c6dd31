"""Remaining life to a threshold: a Wiener process with drift on a smoothed condition signal."""

from __future__ import annotations

from typing import Literal

import numpy as np
from pydantic import Field

from core.life import CannotSay, Outlook
from core.plant import Asset, AssetClass
from core.quantity import Duration
from core.readings import Floats
from core.settings import Settings
from models.detector import Round, State, Verdicts


class ThresholdSettings(Settings):
    """Health as the way from a healthy level to an end-of-life threshold.

    The signal is a `channel` or the score of a `detector`; with neither, the worst score of all
    detectors is followed. `healthy` is learned from the asset's first `min_rows` running readings
    where it is not given. Without `end` nothing can be said of the life that is left, only of
    health where a detector is followed: there `end` is in multiples of the alarm line.
    """

    kind: Literal["threshold"] = "threshold"
    channel: str | None = None
    detector: str | None = None
    failure_mode: str = "wear"
    healthy: float | None = None
    end: float | None = None
    source: str = ""
    min_rows: int = Field(default=60, ge=10)
    max_horizon: Duration = Field(default=3 * 365 * 24 * 3600 * 1_000_000_000)


class Threshold:
    """Follows one signal per asset towards its threshold."""

    def __init__(
        self, settings: ThresholdSettings, asset_class: AssetClass, assets: tuple[Asset, ...]
    ) -> None:
        self._settings = settings
        self._assets = len(assets)

    def observe(self, rows: Round, verdicts: Verdicts) -> None:
        """Move the health of the rows' assets forward."""

    def health(self) -> Floats:
        """Return the health index per asset."""
        return np.full(self._assets, np.nan)

    def remaining(self, asset: int) -> Outlook:
        """Return the time left to the threshold, in hours."""
        return CannotSay("learning", "not enough history yet")

    def basis(self, asset: int) -> str:
        """Say what the estimate rests on."""
        return "drift to a threshold"

    def forget(self, asset: int) -> None:
        """Start one asset anew."""

    def state(self) -> State:
        """Return everything needed to go on."""
        return {}

    def restore(self, state: State) -> None:
        """Take over a state."""
