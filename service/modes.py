"""Modes: what each machine is doing, told from an operating channel."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from core.clock import Span
from core.plant import Mode, ModeRule
from core.readings import Floats, Instants
from models.detector import State
from service.rules import NEVER

Modes = NDArray[np.int8]


class ModeWatch:
    """Follows the mode of every asset of a class.

    Where the operating channel is missing, the last mode stands for `hold`, then it is unknown.
    """

    def __init__(self, rule: ModeRule, channels: tuple[str, ...], assets: int, hold: Span) -> None:
        self._rule = rule
        self._column = None if rule.channel is None else channels.index(rule.channel)
        self._hold = hold
        self.mode: Modes = np.zeros(assets, np.int8)
        self._seen = np.full(assets, NEVER, np.int64)
        self._up = np.full(assets, NEVER, np.int64)
        self._always = np.full(assets, Mode.RUNNING, np.int8)

    def update(self, asset: NDArray[np.intp], at: Instants, values: Floats) -> Modes:
        """Tell the mode of each row, one row per asset."""
        if self._column is None:
            mode = self._always[asset]
            self.mode[asset] = mode
            return mode
        told = values[:, self._column]
        before = self.mode[asset]
        missing = np.isnan(told)
        running = self._started(asset, at, before, told >= self._rule.running_above)
        mode = np.where(told < self._rule.off_below, np.int8(Mode.OFF), running)
        if missing.any():
            stale = (at - self._hold) > self._seen[asset]
            held = np.where(stale, np.int8(Mode.UNKNOWN), before)
            mode = np.where(missing, held, mode)
            self._seen[asset] = np.where(missing, self._seen[asset], at)
        else:
            self._seen[asset] = at
        self.mode[asset] = mode
        return mode

    def _started(
        self, asset: NDArray[np.intp], at: Instants, before: Modes, up: NDArray[np.bool_]
    ) -> Modes:
        """Tell idle, starting and running apart, and note when each asset came up."""
        came_up = up & (before < Mode.STARTING)
        since = np.where(came_up, at, np.minimum(self._up[asset], at))
        self._up[asset] = since
        fresh = at - self._rule.starting_for < since
        level = np.where(fresh, np.int8(Mode.STARTING), np.int8(Mode.RUNNING))
        return np.where(up, level, np.int8(Mode.IDLE))

    def state(self) -> State:
        """Return what a restart needs."""
        return {"mode": self.mode, "seen": self._seen, "up": self._up}

    def restore(self, state: State) -> None:
        """Take over a state."""
        self.mode = state["mode"].astype(np.int8)
        self._seen = state["seen"].astype(np.int64)
        self._up = state["up"].astype(np.int64)
