"""Attendance: which assets' devices are there, and how long each asset may say nothing."""

from __future__ import annotations

from collections.abc import Collection

import numpy as np

from core.clock import Span
from core.plant import AssetClass
from core.readings import Instants
from models.detector import State
from service.held import Held
from service.presence import Presence
from service.watermark import Rows

FOR_EVER = np.iinfo(np.int64).max
"""How long an asset may be quiet whose device is known to be gone, or there and sends on change."""


class Attendance:
    """Keeps the presence of every asset of a class; `patience` is None where all have the same.

    That a device is there is sure until our link breaks: it may have died unheard meanwhile. It is
    sure again once it says so, or its asset says anything.
    """

    def __init__(self, asset_class: AssetClass, assets: int, held: Held) -> None:
        self._after = asset_class.silent_after
        self._held = held
        self.presence = np.full(assets, Presence.UNKNOWN, np.int8)
        self._sure = np.ones(assets, np.bool_)
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

    def doubt(self) -> list[int]:
        """Be sure of no device any more; returns the assets whose silence counts from now on."""
        lost = np.flatnonzero((self.presence == Presence.HERE) & self._held.quiet & self._sure)
        for asset in lost.tolist():
            self._vouch(asset, sure=False)
        return list(map(int, lost))

    def heard(self, asset: Rows) -> None:
        """Note readings: what says something is there."""
        if not self._sure.all():
            for number in asset[~self._sure[asset]].tolist():
                self._vouch(number, sure=True)

    def state(self) -> State:
        """Return what a restart needs, beside what `place` is told."""
        return {"sure": self._sure}

    def restore(self, state: State) -> None:
        """Take over a state."""
        self._sure = state["sure"].astype(np.bool_)

    def _vouch(self, asset: int, *, sure: bool) -> None:
        self._sure[asset] = sure
        if self.patience is not None:
            self.patience[asset] = self._with(asset)

    def _all(self) -> Instants:
        return np.array([self._with(asset) for asset in range(len(self.presence))], np.int64)

    def _with(self, asset: int) -> Span:
        """Tell how long an asset may say nothing before that is a case of its own."""
        quiet, presence = bool(self._held.quiet[asset]), self.presence[asset]
        there = presence == Presence.HERE and bool(self._sure[asset])
        if presence >= Presence.GONE or (quiet and there):
            return FOR_EVER
        return max(self._after, self._held.longest(asset)) if quiet else self._after
