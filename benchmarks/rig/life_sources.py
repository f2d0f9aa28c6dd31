"""Sources of remaining life for the benchmark on fleets, each learned from a record.

All speak in hours of running. `learn(record)` gives what answers for a life of any record of the
same class, seen up to one of its rows.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field

import numpy as np

from benchmarks.rig.life_record import SHOWN, Record, Seen, smoothed
from core.life import LEVELS, Outlook, Remaining, declined
from core.readings import Floats
from models.degradation import SURE
from models.passage import Paths, paths, remaining, rising

Answer = Callable[[Record, Seen, int], Outlook]
"""Says what is left of a life after the row at a place."""

HORIZON = 30000.0
_DRAWS = 60
_FEWEST = 10
_POINTS = 64
APART = 0.3
"""How far apart ends are taken to be where one is known, as a logarithm."""

SOON = 12.0
"""What is left where a signal is beyond the end, in hours."""

SEEN = 2.0
"""From so many standard deviations on a signal shows."""

_AT = np.array(LEVELS)


def mean_life(known: Record) -> Answer:
    """Baseline: all hours over all failures, less the age; its spread that of an even hazard."""
    hours = sum(life.stop - life.start for life in known.lives)

    def said(_: Record, __: Seen, ___: int) -> Outlook:
        if not known.failures:
            return declined("too_few_failures")
        return left_of(-np.log1p(-_AT) * hours / known.failures)

    return said


def weibull_on_age(known: Record) -> Answer:
    """Baseline: a Weibull distribution of the use at failure, given the use so far.

    Shape and scale by penalised likelihood with censoring, and as many draws as tell how unsure
    both are.
    """
    return _by_age(known, {})


def virtual_age(known: Record) -> Answer:
    """Age: the same, where a life after an imperfect repair begins with the age that was left."""
    return _by_age(known, known.ages)


def _by_age(known: Record, ages: Mapping[tuple[int, int], float]) -> Answer:
    fitted = _weibull(known, ages)

    def said(record: Record, life: Seen, place: int) -> Outlook:
        if fitted is None:
            return declined("too_few_failures")
        shape, scale = fitted
        begun = record.ages[life.key] if ages and place >= SHOWN else 0.0
        age = float(record.hours(life)[place]) + begun
        times = np.geomspace(1.0, 20 * HORIZON, 200)
        gathered = ((age + times[:, None]) / scale) ** shape - (age / scale) ** shape
        ends = 1 - np.exp(-gathered).mean(axis=1)
        return left_of(np.interp(_AT, ends, times))

    return said


def _weibull(known: Record, ages: Mapping[tuple[int, int], float]) -> tuple[Floats, Floats] | None:
    """Draw shapes and scales that go with the lives on record, by weighing a grid of them."""
    if not known.failures:
        return None
    begun = np.array([ages.get(life.key, 0.0) for life in known.lives])
    start = begun + np.array([life.start for life in known.lives])
    stop = begun + np.array([life.stop for life in known.lives])
    failed = np.array([life.failed or bool(life.found) for life in known.lives])
    typical = float((stop - start).sum()) / failed.sum()
    shape = np.exp(np.linspace(np.log(0.5), np.log(6.0), 40))[:, None]
    scale = typical * np.exp(np.linspace(-2.5, 2.5, 80))[None, :]
    likely = -0.5 * ((np.log(shape) - 0.5) / 0.5) ** 2 + np.zeros((40, 80))
    for begin, end, broke in zip(start, stop, failed, strict=True):
        likely = likely - (end / scale) ** shape + (begin / scale) ** shape
        if broke:
            likely = likely + np.log(shape / scale) + (shape - 1) * np.log(end / scale)
    chance = np.exp(likely - likely.max()).ravel()
    places = (np.arange(_DRAWS) + 0.5) / _DRAWS
    drawn = np.searchsorted(np.cumsum(chance) / chance.sum(), places)
    grid = np.broadcast_arrays(shape, scale)
    return grid[0].ravel()[drawn], grid[1].ravel()[drawn]


@dataclass(slots=True)
class Ends:
    """Where the signal of each failure mode stood when machines failed of it."""

    modes: tuple[str, ...]
    at: dict[str, list[float]] = field(default_factory=dict)

    def add(self, known: Record) -> None:
        """Take all failures on record."""
        for life in known.lives:
            if life.failed:
                signal = known.signal[life.machine, life.rows, self.modes.index(life.mode)]
                level = float(smoothed(signal)[-1])
                if level > 0:
                    self.at.setdefault(life.mode, []).append(level)


def path_to_end(known: Record) -> Answer:
    """Wear: each mode's signal on its way to where machines failed of it; the earliest counts.

    Where a signal rises whose end nobody has seen, nothing can be said.
    """
    ends = Ends(known.modes)
    ends.add(known)

    def said(record: Record, life: Seen, place: int) -> Outlook:
        if place < _FEWEST:
            return declined("too_short")
        found: list[Remaining] = []
        for mode, last, fits in _rising(record, life, place):
            if mode not in ends.at:
                return declined("no_threshold", f"{mode} shows, and nobody has seen it fail")
            left = _left(fits, last, np.log(ends.at[mode]))
            if left is not None:
                found.append(left)
        if not found:
            return declined("not_falling")
        return min(found, key=lambda one: one.p50)

    return said


def _left(fits: Paths, last: float, ends: Floats) -> Remaining | None:
    """Tell what is left to an end of which some were seen: early to a low one, late to a high."""
    unsure = float(np.std(ends)) + APART / np.sqrt(len(ends))
    lives = []
    for apart in (-1.0, 0.0, 1.0):
        end = float(np.exp(np.mean(ends) + apart * unsure))
        passed = Remaining(SOON, SOON, SOON) if last >= end else remaining(fits, end, HORIZON)
        if passed is None:
            return None
        lives.append(passed)
    return Remaining(lives[0].p05, lives[1].p50, max(lives[2].p95, 2 * lives[1].p50))


def _rising(record: Record, life: Seen, place: int) -> list[tuple[str, float, Paths]]:
    """Find the modes whose signal rises, where it stands, and its paths; kept with the record."""
    key = (*life.key, place)
    if key not in record.kept:
        record.kept[key] = list(_paths(record, life, place))
    found: list[tuple[str, float, Paths]] = record.kept[key]
    return found


def _paths(record: Record, life: Seen, place: int) -> Iterator[tuple[str, float, Paths]]:
    hours = record.hours(life)[: place + 1]
    for m, mode in enumerate(record.modes):
        signal = record.signal[life.machine, life.rows[: place + 1], m]
        at, values = thinned(hours, signal)
        if len(at) < _FEWEST or values[-3:].mean() < SEEN:
            continue
        fits = paths(at, values)
        if rising(fits) >= SURE:
            yield mode, float(values[-1]), fits


def thinned(hours: Floats, signal: Floats) -> tuple[Floats, Floats]:
    """Average a signal over as many stretches as a trail keeps."""
    known = np.isfinite(signal)
    hours, signal = hours[known], signal[known]
    parts = np.array_split(np.arange(len(hours)), max(min(_POINTS, len(hours) // 2), 1))
    if not len(hours):
        return hours, signal
    means = np.array([[hours[p].mean(), signal[p].mean()] for p in parts if len(p)])
    return means[:, 0], means[:, 1]


def left_of(course: Floats) -> Remaining:
    """Make an answer of a course at all levels."""
    points = np.maximum.accumulate(np.maximum(course, 1e-3))
    low, middle, high = (points[LEVELS.index(level)] for level in (0.05, 0.5, 0.95))
    return Remaining(float(low), float(middle), float(high), None, tuple(points.tolist()))
