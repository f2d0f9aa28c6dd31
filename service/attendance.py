"""Attendance: which assets' devices are there, and how long each asset may say nothing."""

from __future__ import annotations

from collections.abc import Collection

import numpy as np

from core.clock import Span
from core.plant import AssetClass
from core.readings import Instants
from service.held import Held
from service.presence import Presence

FOR_EVER = np.iinfo(np.int64).max
"""How long an asset may be quiet whose device is known to be gone, or there and sends on change."""


class Attendance:
    """Keeps the presence of every asset of a class; `patience` is None where all have the same."""

    def __init__(self, asset_class: AssetClass, assets: int, held: Held) -> None:
        self._after = asset_class.silent_after
        self._held = held
        self.presence = np.full(assets, Presence.UNKNOWN, np.int8)
        self.patience: Instants | None = self._all() if held.any else None

    def place(self, asset: int, presence: Presence, on_change: Collection[str]) -> Presence:
        """Note what speaks for an asset and what it sends on change; returns what was known."""
        before = Presence(int(self.presence[asset]))
        self.presence[asset] = presence
        self._held.gone[asset] = presence >= Presence.GONE
        self._held.mark(asset, on_change)
        if self.patience is None:
            self.patience = self._all()
        self.patience[asset] = self._with(asset)
        return before

    def _all(self) -> Instants:
        return np.array([self._with(asset) for asset in range(len(self.presence))], np.int64)

    def _with(self, asset: int) -> Span:
        """Tell how long an asset may say nothing before that is a case of its own."""
        quiet, presence = bool(self._held.quiet[asset]), self.presence[asset]
        if presence >= Presence.GONE or (quiet and presence == Presence.HERE):
            return FOR_EVER
        return max(self._after, self._held.longest(asset)) if quiet else self._after
