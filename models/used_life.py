"""Life in units of use: a degradation model whose clock is what the machine was used.

It hands the readings on to another model with the use in the place of time, so that a machine at
standstill does not age, and turns the use that is left into hours of calendar by its duty. How far
the duty may differ makes the interval wider, as an error of the logarithm of its own.
"""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from core.clock import HOUR, Span
from core.life import LEVELS, CannotSay, InUse, Outlook, Remaining, declined
from core.plant import Asset, AssetClass, Mode
from core.readings import Bools, Floats, Instants
from models.detector import Round, State, Verdicts
from models.duty import Duty
from models.kernel import kernel
from models.threshold import Threshold
from models.trail import NEVER
from models.usage import Usage, UsageSettings

ENOUGH = 126
"""So many hours of the week must be known: three in four."""

_AT = (0.05, 0.5, 0.95)
_DEVIATIONS = {
    0.01: -2.326, 0.05: -1.645, 0.1: -1.282, 0.25: -0.674, 0.5: 0.0,
    0.75: 0.674, 0.9: 1.282, 0.95: 1.645, 0.99: 2.326,
}  # fmt: skip
"""Where the levels lie in a normal distribution."""


class UsedLife:
    """Follows health over use, and says what is left in hours of calendar."""

    def __init__(
        self,
        inner: Threshold,
        settings: UsageSettings,
        window: Span,
        asset_class: AssetClass,
        assets: tuple[Asset, ...],
    ) -> None:
        self.inner = inner
        self._unit = settings.unit
        whole = window / HOUR if settings.window is None else settings.window
        self._scale = window / whole
        self._usage = Usage(settings, asset_class, len(assets))
        self._duty = Duty(len(assets))
        self._seen = np.full(len(assets), NEVER, np.int64)
        self._reached = np.full(len(assets), -1, np.int64)

    @property
    def failure_mode(self) -> str:
        """Name the failure mode that is followed."""
        return self.inner.failure_mode

    @property
    def steady(self) -> bool:
        """Tell whether the signal means the same before and after work."""
        return self.inner.steady

    def observe(self, rows: Round, verdicts: Verdicts) -> Floats:
        """Count use, and move health forward by the rows in which there was some."""
        counted = self._usage.count(rows)
        self._duty.learn(rows.asset, rows.at, counted)
        clock = np.rint(counted.total * self._scale).astype(np.int64)
        running = rows.mode == Mode.RUNNING
        used = np.empty(len(rows.asset), np.bool_)
        _used(rows.asset, rows.at, clock, running, self._seen, self._reached, used)
        health = self.inner.health()
        part = np.flatnonzero(used)
        handed = replace(rows.take(part), at=clock[part])
        said = {name: scored.take(part) for name, scored in verdicts.items()}
        moved = self.inner.observe(handed, said)
        found = np.empty(len(rows.asset))
        _spread(rows.asset, used, moved, health, found)
        return found

    def health(self) -> Floats:
        """Return the health index per asset."""
        return self.inner.health()

    def remaining(self, asset: int) -> Outlook:
        """Return the time left for one asset, in hours of calendar time from its last reading."""
        left = self.inner.remaining(asset)
        if isinstance(left, CannotSay) or left.p95 <= 0:
            return left
        known = self._duty.seen(asset)
        if known < ENOUGH:
            words = f"still learning its duty: {known} of {ENOUGH} hours of the week"
            return declined("learning", words)
        if self._duty.week(asset) <= 0:
            return declined("standing")
        now = int(self._seen[asset])
        levels = (*_AT, *(LEVELS if left.course else ()))
        points = np.array([left.p05, left.p50, left.p95, *left.course])
        times = self._duty.hours(asset, now, points * (HOUR / self._scale))
        varies = self._duty.varies(asset, float(times[1]))
        early, middle, late, *course = _wider(times, levels, varies).tolist()
        return Remaining(early, middle, late, course=tuple(course))

    def in_use(self, asset: int, left: Remaining) -> InUse | None:
        """Tell how much use an outlook comes to; None before any duty is known."""
        if self._duty.seen(asset) < ENOUGH:
            return None
        hours = np.array([left.p05, left.p50, left.p95])
        early, middle, late = self._duty.use(asset, int(self._seen[asset]), hours).tolist()
        return InUse(self._unit, early, middle, late, self._duty.week(asset))

    def basis(self, asset: int) -> str:
        """Say what the estimate rests on."""
        return f"{self.inner.basis(asset)}; over {self._unit}, turned into days by its own weeks"

    def forget(self, asset: int) -> None:
        """Start one asset anew; how much it is used stays known."""
        self.inner.forget(asset)

    def signal(self, rows: Round, verdicts: Verdicts) -> Floats:
        """Return what is followed of each row, NaN where it is missing."""
        return self.inner.signal(rows, verdicts)

    def way(self, asset: int) -> tuple[float, float] | None:
        """Return the healthy level of an asset and its end; None while either is not known."""
        return self.inner.way(asset)

    def mend(self, asset: int) -> None:
        """Begin a new course after work, by the healthy level that was known before."""
        self.inner.mend(asset)

    def rebase(self, asset: int, healthy: float) -> None:
        """Take another level as the healthy one of an asset; a given one stays."""
        self.inner.rebase(asset, healthy)

    def state(self) -> State:
        """Return everything needed to go on."""
        own = {"use_seen": self._seen.copy(), "use_reached": self._reached.copy()}
        return {**self.inner.state(), **self._usage.state(), **self._duty.state(), **own}

    def restore(self, state: State) -> None:
        """Take over a state."""
        self.inner.restore(state)
        self._usage.restore(state)
        self._duty.restore(state)
        self._seen = state["use_seen"].astype(np.int64)
        self._reached = state["use_reached"].astype(np.int64)


def _wider(times: Floats, levels: tuple[float, ...], varies: float) -> Floats:
    """Widen points about the middle by a deviation of the logarithm; none falls below 0."""
    middle = times[1]
    if not 0 < middle < math.inf:
        return times
    away = np.array([_DEVIATIONS[level] for level in levels]) * varies
    with np.errstate(divide="ignore"):
        own = np.log(times / middle)
    found: Floats = middle * np.exp(np.sign(away) * np.hypot(own, away))
    return found


@kernel
def _used(
    asset: NDArray[np.intp],
    at: Instants,
    clock: Instants,
    running: Bools,
    seen: Instants,
    reached: Instants,
    found: Bools,
) -> None:
    """Tell of which rows the machine has run and been used since the last that was taken."""
    for i in range(len(asset)):
        a = asset[i]
        seen[a] = max(seen[a], at[i])
        found[i] = running[i] and clock[i] > reached[a]
        if found[i]:
            reached[a] = clock[i]


@kernel
def _spread(
    asset: NDArray[np.intp], used: Bools, moved: Floats, health: Floats, found: Floats
) -> None:
    """Tell the health after each row: as it was where a row was not handed on."""
    place = 0
    for i in range(len(asset)):
        if used[i]:
            health[asset[i]] = moved[place]
            place += 1
        found[i] = health[asset[i]]
