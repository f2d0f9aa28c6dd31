"""Things that warm up and cool down slowly, worked out afresh for every day.

A day's temperatures start from balance half a day before midnight, many time constants away, so
they depend on the day alone and not on where a simulation began: history and live agree.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from core.clock import DAY, HOUR, MINUTE, Span
from core.readings import Floats, Instants

_STEP = 5 * MINUTE
_LEAD = 12 * HOUR // _STEP
_DAY = DAY // _STEP

Balance = Callable[[Instants], Floats]
"""Gives, for some moments, the temperatures that would settle if nothing changed (n × m)."""


class ThermalMass:
    """First-order lag of several temperatures with their own time constants."""

    def __init__(self, balance: Balance, constants: tuple[Span, ...]) -> None:
        self._balance = balance
        self._keep = np.exp(-_STEP / np.array(constants, np.float64))
        self._days: dict[int, Floats] = {}

    def at(self, at: Instants) -> Floats:
        """Give the temperatures at some moments, one column each."""
        days, index = np.unique(at // DAY, return_inverse=True)
        if not all(int(day) in self._days for day in days):
            self._days = dict(zip((int(day) for day in days), self._solve(days), strict=True))
        grid = np.stack([self._days[int(day)] for day in days])
        place = (at - days[index] * DAY) / _STEP
        step = np.minimum(place.astype(np.int64), _DAY - 1)
        part = (place - step)[:, None]
        before, after = grid[index, step], grid[index, step + 1]
        between: Floats = before + (after - before) * part
        return between

    def _solve(self, days: Instants) -> Floats:
        """Walk all days at once through the steps of lead and day; days × steps × columns."""
        steps = np.arange(-_LEAD, _DAY + 1) * _STEP
        moments = (days[:, None] * DAY + steps[None, :]).reshape(-1)
        goal = self._balance(moments).reshape(len(days), len(steps), -1)
        now = goal[:, 0]
        walked = np.empty_like(goal)
        walked[:, 0] = now
        for step in range(1, len(steps)):
            aim = goal[:, step]
            now = aim + (now - aim) * self._keep
            walked[:, step] = now
        return walked[:, _LEAD:]
