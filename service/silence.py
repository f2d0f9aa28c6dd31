"""Silence: assets that should be heard and are not. Judged by ticks, while the link is up."""

from __future__ import annotations

import numpy as np

from core.clock import Span
from core.readings import Instants
from models.detector import State
from service.watermark import Rows


class Silence:
    """Adds up for each asset of a class how long it was not heard while it could have been."""

    def __init__(self, assets: int, silent_after: Span) -> None:
        self._after = silent_after
        self._quiet = np.zeros(assets, np.int64)
        self.silent = np.zeros(assets, np.bool_)
        self._any = False

    def heard(self, asset: Rows) -> list[int]:
        """Note readings; returns the assets whose silence has ended."""
        self._quiet[asset] = 0
        if not self._any:
            return []
        ended = [int(number) for number in asset[self.silent[asset]]]
        self.silent[asset] = False
        self._any = bool(self.silent.any())
        return ended

    def restart(self, asset: int) -> None:
        """Count one asset's silence from now on, where it is not silent yet."""
        self._quiet[asset] = 0

    def tick(self, span: Span, after: Instants | None = None) -> list[int]:
        """Let connected time pass; returns the assets that have just become silent.

        `after` holds how long each asset may be quiet, where that is not the same for all.
        """
        self._quiet += span
        begun = (self._quiet >= (self._after if after is None else after)) & ~self.silent
        self.silent |= begun
        self._any = bool(self.silent.any())
        return [int(number) for number in np.flatnonzero(begun)]

    def state(self) -> State:
        """Return what a restart needs."""
        return {"quiet": self._quiet, "silent": self.silent}

    def restore(self, state: State) -> None:
        """Take over a state."""
        self._quiet = state["quiet"].astype(np.int64)
        self.silent = state["silent"].astype(np.bool_)
        self._any = bool(self.silent.any())
