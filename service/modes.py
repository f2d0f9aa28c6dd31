"""Modes: what each machine is doing, told from an operating channel."""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

from core.clock import Span
from core.plant import Mode, ModeRule
from core.readings import Floats, Instants
from models.detector import State
from models.kernel import kernel
from service.rules import NEVER

Modes = NDArray[np.int8]

UNKNOWN, OFF, IDLE, STARTING, RUNNING = map(int, tuple(Mode)[:5])


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
        """Tell the mode of each row, in order of time; assets may repeat."""
        if self._column is None:
            mode = self._always[asset]
            self.mode[asset] = mode
            return mode
        told = np.ascontiguousarray(values[:, self._column])
        mode = np.empty(len(asset), np.int8)
        rule = self._rule
        lines = float(rule.off_below), float(rule.running_above), rule.starting_for, self._hold
        _follow(asset, at, told, *lines, self.mode, self._seen, self._up, mode)
        return mode

    def state(self) -> State:
        """Return what a restart needs."""
        return {"mode": self.mode, "seen": self._seen, "up": self._up}

    def restore(self, state: State) -> None:
        """Take over a state."""
        self.mode = state["mode"].astype(np.int8)
        self._seen = state["seen"].astype(np.int64)
        self._up = state["up"].astype(np.int64)


@kernel
def _follow(
    asset: NDArray[np.intp],
    at: Instants,
    told: Floats,
    off_below: float,
    running_above: float,
    starting_for: int,
    hold: int,
    mode: Modes,
    seen: Instants,
    came_up: Instants,
    out: Modes,
) -> None:
    """Tell off, idle, starting and running apart, and note when each asset came up."""
    for i in range(len(asset)):
        a, value = asset[i], told[i]
        before, up = mode[a], value >= running_above
        since = at[i] if up and before < STARTING else min(came_up[a], at[i])
        came_up[a] = since
        if math.isnan(value):
            now = UNKNOWN if at[i] - hold > seen[a] else before
        else:
            seen[a] = at[i]
            if value < off_below:
                now = OFF
            elif not up:
                now = IDLE
            else:
                now = STARTING if at[i] - starting_for < since else RUNNING
        mode[a] = out[i] = now
