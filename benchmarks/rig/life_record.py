"""What a plant has on record of a simulated fleet, cut so that so many failures are known.

The truth of the simulator is not in it: lives and their ends, loads, and signals of the condition,
one for each failure mode: the channels that the class declares for it, less what load and air let
expect, in standard deviations of healthy running.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np

from core.life import CannotSay
from core.readings import Floats
from models.repair_verdict import verdict, virtual_age
from simulators.life_course import NONE, Life
from simulators.life_fleet import LifeFleet

LEARNED = 30
"""By how many rows at its beginning a machine's healthy level is known."""

SMOOTH = 0.25
FEW = 10
"""So many lives are on record where nothing has failed."""

SHOWN = 5
"""By so many rows before and after a repair it is judged."""


@dataclass(frozen=True, slots=True, eq=False)
class Seen:
    """One life as far as it is on record: use in hours of running since it began.

    `start` is that at the first row, above 0 where the record began later; `rows` are its days;
    `found` is the failure mode that the work at its end was on, `new` whether it began as new.
    """

    machine: int
    number: int
    start: float
    stop: float
    failed: bool
    mode: str
    found: str
    new: bool
    load: float
    rows: np.ndarray[tuple[int], np.dtype[np.int64]]

    @property
    def key(self) -> tuple[int, int]:
        """Tell lives apart."""
        return self.machine, self.number


@dataclass(frozen=True, slots=True, eq=False)
class Record:
    """Lives on record, and the signals: `signal[machine, day, mode]`, NaN where there is none.

    `ages` are the virtual ages with which lives began, by what the repairs before them came to;
    `kept` is what was reckoned of moments of lives once.
    """

    fleet: LifeFleet
    lives: tuple[Seen, ...]
    signal: Floats
    modes: tuple[str, ...]
    ages: Mapping[tuple[int, int], float]
    kept: dict[tuple[int, ...], Any] = field(default_factory=dict)

    @property
    def failures(self) -> int:
        """How many failures are known."""
        return sum(life.failed for life in self.lives)

    def hours(self, life: Seen) -> Floats:
        """Return the use at each row of a life."""
        found: Floats = self.fleet.course.hours[life.machine, life.rows]
        return found

    def without(self, lives: set[tuple[int, int]]) -> Record:
        """Leave out some lives."""
        kept = tuple(life for life in self.lives if life.key not in lives)
        return replace(self, lives=kept)


def record(fleet: LifeFleet, since: int) -> Record:
    """Put all on record that was seen since a day."""
    done = {(one.machine, one.day): one.mode for one in fleet.course.work}
    lives = sorted(fleet.course.lives, key=lambda one: (one.machine, one.number))
    seen = [one for life in lives if (one := _seen(fleet, life, since, done)) is not None]
    modes = tuple(mode.name for mode in fleet.of.modes)
    made = Record(fleet, tuple(seen), signals(fleet, since), modes, {})
    return replace(made, ages=_ages(made))


def cut(whole: Record, failures: int) -> Record:
    """Leave so many machines that so many failures are known; the last one ends with the last.

    With none, they are lives of a plant where nothing has failed yet.
    """
    lives: list[Seen] = []
    known = 0
    for seen in whole.lives:
        if failures == 0 and seen.failed:
            continue
        lives.append(seen)
        known += seen.failed
        if (failures and known == failures) or (not failures and len(lives) == FEW):
            break
    return replace(whole, lives=tuple(lives))


def _seen(
    fleet: LifeFleet, life: Life, since: int, done: Mapping[tuple[int, int], str]
) -> Seen | None:
    course = fleet.course
    first = max(life.first, since)
    days = np.arange(first, life.last + 1)
    days = days[course.life[life.machine, days] != NONE] if len(days) else days
    if len(days) < 2:
        return None
    hours = course.hours[life.machine]
    start = float(hours[days[0]]) if life.first < since else 0.0
    load = float(course.duty.load[life.machine, days].mean())
    stop = float(hours[days[-1]])
    found = done.get((life.machine, life.last), "")
    return Seen(
        life.machine, life.number, start, stop, life.failed, life.mode, found, life.new, load, days
    )


def signals(fleet: LifeFleet, since: int) -> Floats:
    """Make the signals of all machines: smoothed, causal, of rows since a day."""
    course, of = fleet.course, fleet.of
    runs = course.life != NONE
    runs[:, :since] = False
    values = np.where(runs[:, :, None], fleet.values, np.nan)
    beside = np.stack(
        [course.duty.load, np.broadcast_to(course.duty.air, course.duty.load.shape)], axis=2
    )
    left = _unexpected(values, beside, runs)
    spread = 1.4826 * np.nanmedian(np.abs(np.diff(left, axis=1)), axis=(0, 1)) / np.sqrt(2)
    names = list(of.channels)
    found = np.full((*runs.shape, len(of.modes)), np.nan)
    for m, mode in enumerate(of.modes):
        places = [names.index(name) for name in mode.signs]
        way = np.array([np.sign(moved) for moved in mode.signs.values()])
        found[:, :, m] = np.nanmean(
            np.where(np.isnan(left[:, :, places]), 0.0, left[:, :, places]) * way / spread[places],
            axis=2,
        )
    return np.where(runs[:, :, None], found, np.nan)


def _unexpected(values: Floats, beside: Floats, runs: np.ndarray) -> Floats:
    """Take off what load and air let expect, and each machine's level in its first rows."""
    found = np.full(values.shape, np.nan)
    rows_of = [np.flatnonzero(one) for one in runs]
    usable = [m for m, rows in enumerate(rows_of) if len(rows) >= LEARNED]
    moved = np.concatenate([_around(beside[m, rows_of[m]]) for m in usable])
    for k in range(values.shape[2]):
        said = np.concatenate([_around(values[m, rows_of[m], k]) for m in usable])
        known = np.isfinite(said)
        factor = np.linalg.lstsq(moved[known], said[known], rcond=None)[0]
        for m in usable:
            left = values[m, rows_of[m], k] - beside[m, rows_of[m]] @ factor
            found[m, rows_of[m], k] = left - np.nanmedian(left[:LEARNED])
    return found


def _around(rows: Floats) -> Floats:
    """Take off the mean of stretches of thirty rows, so that slow wear does not pass for load."""
    off = rows.copy()
    for begin in range(0, len(rows), 30):
        off[begin : begin + 30] -= np.nanmean(rows[begin : begin + 30], axis=0)
    return off


def smoothed(rows: Floats) -> Floats:
    """Smooth a signal with a memory of a few rows; a gap holds what was."""
    found, level = np.empty(len(rows)), np.nan
    for i, value in enumerate(rows.tolist()):
        if np.isnan(level):
            level = value
        elif not np.isnan(value):
            level += SMOOTH * (value - level)
        found[i] = level
    return found


def _ages(known: Record) -> dict[tuple[int, int], float]:
    """Tell the virtual age with which each life begins: what the repairs before it left."""
    found: dict[tuple[int, int], float] = {}
    before: Seen | None = None
    used: list[float] = []
    left: list[float] = []
    for life in known.lives:
        if before is None or before.machine != life.machine or life.new:
            used, left = [], []
        else:
            used.append(before.stop)
            left.append(_left(known, before, life))
        found[life.key] = virtual_age(used, left)
        before = life
    return found


def _left(known: Record, before: Seen, after: Seen) -> float:
    """Judge the repair between two lives by the signal of what was repaired."""
    if not before.found:
        return 0.0
    signal = known.signal[before.machine, :, known.modes.index(before.found)]
    rows: Sequence[Floats] = (signal[before.rows[-SHOWN:]], signal[after.rows[:SHOWN]])
    healthy = signal[np.isfinite(signal)][: LEARNED + SHOWN]
    said = verdict(healthy, rows[0], rows[1], float(np.nanmean(rows[0])))
    return 0.0 if isinstance(said, CannotSay) else said.left
