"""Sensor watch: values that a machine cannot have, told from a sensor that is not believable.

Three ways in which a sensor lies: it stands still while the others move, it jumps faster than the
quantity can, it falls silent while the others go on. In a fourth it is honest: its device itself
calls its values bad. What it says is kept from the detectors at once; a case is made of it once it
has lasted.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from core.clock import HOUR, SECOND, Span
from core.plant import Channel, Mode, Role
from core.readings import Bools, Floats, Instants
from models.detector import State
from service.rules import NEVER
from service.watermark import Rows

STILL_READINGS = 30
STILL_MOVES = 20.0
"""A channel is suspect when it should have moved this often by its own habit, and has not."""

HABIT_MOVES = 10
JUMPS = 5
JUMPS_WITHIN = HOUR
SILENT_READINGS = 10
BAD_READINGS = 10
LATER = np.iinfo(np.int64).max
"""Stands for when a channel began to be bad while its machine does not run: that counts anew."""

STUCK, JUMPY, SILENT, BAD = 0, 1, 2, 3
FAULTS = ("stuck", "jumpy", "silent", "bad")
"""New ones go to the end: a checkpoint holds them by their place."""

Lapse = tuple[int, int, int, bool]
"""Row, channel, number of the fault, and whether it began."""

_KEPT = (
    "last", "still", "still_for", "moves", "readings", "jumps", "jumped_at",
    "absent_for", "absent", "gap", "bad_since", "bad", "faults",
)  # fmt: skip

_FORGOTTEN = (
    "still", "still_for", "jumps", "absent_for", "absent", "bad_since", "bad", "faults",
)  # fmt: skip


@dataclass(frozen=True, slots=True, eq=False)
class Sifted:
    """Rows without unbelievable values: what changed, which rows not to learn, jumps counted."""

    values: Floats
    doubted: Bools
    lapses: list[Lapse]
    jumps: NDArray[np.int64] | None = None


class SensorWatch:
    """Follows every channel of every asset of a class."""

    def __init__(
        self, channels: Sequence[Channel], assets: int, stuck_after: Span, silent_after: Span
    ) -> None:
        shape = (assets, len(channels))
        self._stuck_after = stuck_after
        self._silent_after = silent_after
        self._judged = np.array([channel.role is Role.CONDITION for channel in channels])
        rate = [np.inf if c.max_rate is None else c.max_rate for c in channels]
        self._rate = np.array(rate)
        self._rated = bool(np.isfinite(self._rate).any())
        self.last = np.full(shape, np.nan)
        self.still = np.zeros(shape, np.int64)
        self.still_for = np.zeros(shape, np.int64)
        self.moves = np.zeros(shape, np.int64)
        self.readings = np.zeros(shape, np.int64)
        self.jumps = np.zeros(shape, np.int64)
        self.jumped_at = np.full(shape, NEVER, np.int64)
        self.absent_for = np.zeros(shape, np.int64)
        self.absent = np.zeros(shape, np.int64)
        self.gap = np.zeros(shape, np.int64)
        self.bad_since = np.zeros(shape, np.int64)
        self.bad = np.zeros(shape, np.int64)
        self.faults = np.zeros((*shape, len(FAULTS)), np.bool_)
        self._any_fault = self._any_bad = False

    def sift(
        self,
        asset: Rows,
        at: Instants,
        passed: Instants,
        values: Floats,
        mode: NDArray[np.int8],
        bad: Bools | None = None,
        on_change: Bools | None = None,
        ages: Instants | None = None,
    ) -> Sifted:
        """Judge one row per asset, and blank what is not believable.

        `bad` marks what the source itself calls bad; `values` do not hold it. A channel that is
        sent `on_change` is never stuck and never missing; `ages[row, channel]` is how long ago
        each last said something, where that is not as long as `passed`.
        """
        present = values == values  # noqa: PLR0124 - the fastest test for NaN
        running = (mode == Mode.RUNNING)[:, None]
        span = np.minimum(passed, self._silent_after)[:, None]
        last = self.last[asset]
        ages = passed[:, None] if ages is None else ages
        jumped = self._jumped(values, last, ages) if self._rated else None
        moved = present & (values != last)
        suspect = self._stillness(asset, present, moved, running, span, on_change)
        heard = present if bad is None else present | bad
        heard = heard if on_change is None else heard | on_change
        gone = self._absence(asset, heard, running, span)
        broken = self._badness(asset, at, present, bad, mode, on_change)
        self.last[asset] = np.where(present, values, last)
        found = {STUCK: suspect, SILENT: gone, BAD: broken}
        quiet = jumped is None and not self._any_fault
        if quiet and all(one is None for one in found.values()):
            return Sifted(values, np.zeros(len(asset), np.bool_), [])
        return self._judge(asset, at, values, found, jumped)

    def _jumped(self, values: Floats, last: Floats, ages: Instants) -> Bools | None:
        # A sample taken soon after the last may differ by noise; below a second no rate is judged.
        seconds = np.maximum(ages, SECOND) / SECOND
        jumped: Bools = np.abs(values - last) > self._rate * seconds
        return jumped if jumped.any() else None

    def _stillness(
        self,
        asset: Rows,
        present: Bools,
        moved: Bools,
        running: Bools,
        span: Instants,
        on_change: Bools | None,
    ) -> Bools | None:
        others = np.logical_or.reduce(moved, axis=1, keepdims=True) & running
        stood: Bools = np.logical_and(present & ~moved, others)
        still = np.where(moved, 0, self.still[asset] + stood)
        self.still[asset] = still
        self.still_for[asset] = np.where(moved, 0, self.still_for[asset] + stood * span)
        counted: Bools = np.logical_and(present, running)
        self.readings[asset] += counted
        self.moves[asset] += counted & moved
        if still.max(initial=0) < STILL_READINGS:
            return None
        moves = self.moves[asset]
        habit = moves / np.maximum(self.readings[asset] - still, 1)
        suspect: Bools = (
            self._judged
            & (still >= STILL_READINGS)
            & (moves >= HABIT_MOVES)
            & (still * habit >= STILL_MOVES)
        )
        suspect = suspect if on_change is None else suspect & ~on_change
        return suspect if suspect.any() else None

    def _absence(self, asset: Rows, present: Bools, running: Bools, span: Instants) -> Bools | None:
        missing = ~present
        if not missing.any() and not self.absent[asset].any():
            return None
        known = self.readings[asset] >= STILL_READINGS
        waited = self.absent_for[asset] + running * span
        gap = self.gap[asset]
        self.gap[asset] = np.where(present, np.maximum(gap, waited), gap)
        absent = np.where(present, 0, self.absent[asset] + 1)
        self.absent[asset] = absent
        self.absent_for[asset] = np.where(present, 0, waited)
        patience = np.maximum(self._silent_after, 5 * self.gap[asset])
        gone: Bools = (
            self._judged & known & (absent >= SILENT_READINGS) & (self.absent_for[asset] > patience)
        )
        return gone if gone.any() else None

    def _badness(
        self,
        asset: Rows,
        at: Instants,
        present: Bools,
        bad: Bools | None,
        mode: NDArray[np.int8],
        on_change: Bools | None,
    ) -> Bools | None:
        """Tell which channels have been called bad for too long, while the machine may run.

        One that is sent on change is called bad once, and is so until it says something else.
        """
        if bad is None and not self._any_bad:
            return None
        moving = ((mode == Mode.RUNNING) | (mode == Mode.UNKNOWN))[:, None]
        bad = np.zeros(present.shape, np.bool_) if bad is None else bad
        rare = np.zeros(present.shape, np.bool_) if on_change is None else on_change
        before, now = self.bad[asset], at[:, None]
        count = np.where(present, 0, before + (bad & (moving | rare)))
        since = np.where(before > 0, np.minimum(self.bad_since[asset], now), now)
        since = np.where(rare & ~moving, LATER, since)
        self.bad[asset], self.bad_since[asset] = count, since
        self._any_bad = bool(self.bad.any())
        enough = count >= np.where(rare, 1, BAD_READINGS)
        broken: Bools = enough & (since <= now - self._silent_after)
        return broken if broken.any() else None

    def overdue(self, now: Instants, on_change: Bools) -> list[tuple[int, int]]:
        """Find quiet channels that have been bad for too long by `now`; their assets, and which."""
        if not self._any_bad:
            return []
        long = self.bad_since <= now[:, None] - self._silent_after
        found: Bools = on_change & (self.bad > 0) & long & ~self.faults[..., BAD]
        self.faults[..., BAD] |= found
        self._any_fault = bool(self.faults.any())
        return [(int(asset), int(channel)) for asset, channel in np.argwhere(found)]

    def unsay(self, asset: int, on_change: Bools) -> None:
        """Let what an asset once called bad count no longer, but where that is a fault already."""
        self.bad[asset][on_change & ~self.faults[asset, :, BAD]] = 0

    def _judge(
        self,
        asset: Rows,
        at: Instants,
        values: Floats,
        found: Mapping[int, Bools | None],
        jumped: Bools | None,
    ) -> Sifted:
        none: Bools = np.zeros(values.shape, np.bool_)
        now = np.zeros((*values.shape, len(FAULTS)), np.bool_)
        for fault, one in found.items():
            now[..., fault] = none if one is None else one
        suspect = now[..., STUCK].copy()
        now[..., STUCK] &= self.still_for[asset] >= self._stuck_after
        now[..., JUMPY] = self._jumpy(asset, at, none if jumped is None else jumped)
        before = self.faults[asset]
        self.faults[asset] = now
        self._any_fault = bool(self.faults.any())
        lapses = [
            (int(row), int(channel), int(fault), bool(now[row, channel, fault]))
            for row, channel, fault in np.argwhere(now != before)
        ]
        doubted: Bools = np.logical_or(suspect, now.any(axis=2))
        if jumped is not None:
            doubted |= jumped
        count = None if jumped is None else jumped.sum(axis=1)
        return Sifted(np.where(doubted, np.nan, values), _in_any(doubted), lapses, count)

    def _jumpy(self, asset: Rows, at: Instants, jumped: Bools) -> Bools:
        jumped_at = self.jumped_at[asset]
        recent = (at[:, None] - JUMPS_WITHIN) < jumped_at
        jumps = np.where(recent, self.jumps[asset], 0) + jumped
        self.jumps[asset] = jumps
        self.jumped_at[asset] = np.where(jumped, at[:, None], jumped_at)
        jumpy: Bools = jumps >= JUMPS
        return jumpy

    def reset(self, asset: int, channel: int | None = None) -> None:
        """Start one asset's sensors, or one of them, anew after work on it."""
        which = slice(None) if channel is None else channel
        for name in _FORGOTTEN:
            getattr(self, name)[asset, which] = 0
        self.jumped_at[asset, which] = NEVER

    def state(self) -> State:
        """Return what a restart needs."""
        return {name: getattr(self, name) for name in _KEPT}

    def restore(self, state: State) -> None:
        """Take over a state."""
        for name in _KEPT:
            setattr(self, name, state[name].astype(getattr(self, name).dtype))
        known = self.faults
        self.faults = np.zeros((*known.shape[:2], len(FAULTS)), np.bool_)
        self.faults[..., : known.shape[2]] = known
        self._any_fault, self._any_bad = bool(self.faults.any()), bool(self.bad.any())


def disbelieved(said: Floats, believed: Floats, bad: Bools | None) -> Bools | None:
    """Mark what was said and is not believed; None where all is."""
    if believed is said:
        return bad
    doubted: Bools = np.isfinite(said) & ~np.isfinite(believed)
    return doubted if bad is None else doubted | bad


def _in_any(channels: Bools) -> Bools:
    """Tell for which rows anything holds in any channel."""
    rows: Bools = np.logical_or.reduce(channels, axis=1)
    return rows
